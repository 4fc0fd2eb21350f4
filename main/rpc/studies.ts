/** Procedures for studies: the queue, the members, the result, and new studies from a run. */
import { z } from 'zod'
import { folderNameSchema } from '../config/schema.ts'
import { BAND_METRICS, bandsOf } from '../evaluation/study/bands.ts'
import { summariseStudy } from '../evaluation/study/summary.ts'
import { studyVerdict } from '../evaluation/study/words.ts'
import { type Failure, UserError } from '../messages/error.ts'
import { failureOfRun } from '../store/failure.ts'
import type { Member, StudyRecord, StudyState } from '../store/studies.ts'
import { runAtWork } from '../study/at-work.ts'
import { expectedOf } from '../study/expected.ts'
import { forecastLeft, forecastStudy } from '../study/forecast.ts'
import { planFromRun } from '../study/from-run.ts'
import { expandPlan, planSchema, type ReadPlan } from '../study/plan.ts'
import { startQueue } from '../study/queue.ts'
import { fileOfStudy, metricsOf, studyData, studyOf } from '../study/result.ts'
import { createStudy, plannedMembers, studyNamed } from '../study/studies.ts'
import { type MemberState, memberState, membersLeft } from '../study/work.ts'
import { find } from './runs.ts'
import { type Context, changing, id, procedure, router } from './trpc.ts'

/** Where a study is: 'done' has nothing left, 'running' is at work, and 'waiting' stands in the queue. */
export type StudyStanding = 'waiting' | 'running' | 'paused' | 'done'

export interface StudyBrief extends Omit<StudyRecord, 'state'> {
  readonly standing: StudyStanding
  /** Trainings that are done, left and cancelled. */
  readonly done: number
  readonly left: number
  readonly cancelled: number
  /** Of those left, the ones that failed when they were last tried. */
  readonly failed: number
  /** Seconds that the trainings left take at most; null where no earlier run tells. */
  readonly seconds: number | null
  /** Bytes that they write, and that are free. */
  readonly bytes: number
  readonly free: number
}

export interface MemberBrief extends Omit<Member, 'status' | 'study' | 'cancelled'> {
  readonly state: MemberState
  /** Wall time of its stages so far. */
  readonly seconds: number
  /** Why it failed; null where it did not. */
  readonly failure: Failure | null
}

const study = z.object({ study: id })
/** Members of a study; without them all that are not done. */
const some = study.extend({ members: z.array(id).max(500).optional() })
/** A study to be made from a run. */
const wishes = z.object({
  run: id,
  seeds: z.int().min(2).max(100),
  /** Keys to vary, each with its values as text. */
  vary: z.array(z.object({ key: z.string().min(1).max(200), values: z.string().max(1000) })).max(20),
  name: folderNameSchema.optional(),
})

export const studiesRouter = router({
  /** Every study, in the order of the queue. */
  list: procedure.query(({ ctx }) => Promise.all(ctx.lab.store.studies.list().map((one) => brief(ctx, one)))),

  /** A study with its plan, its members in their order, and what it was expected to tell. */
  get: procedure.input(study).query(async ({ ctx, input }) => {
    const { store } = ctx.lab
    const record = known(ctx, input.study)
    const members = store.studies.members(record.id)
    const plan = store.studies.plan(record.id, planSchema)
    const [first] = members
    const seeds = new Set(members.map(({ seed }) => seed))
    const variants = new Map(members.map(({ variant }) => [variant, plan.variants[variant] ?? {}]))
    return {
      ...(await brief(ctx, record)),
      set: plan.set,
      variants: [...variants].map(([name, settings]) => ({ name, settings })),
      seeds: [...seeds].sort((a, b) => a - b),
      members: members.map((member) => memberBrief(ctx, member)),
      expected: first === undefined ? null : expectedOf(seeds.size, variants.size, store.studies.config(first)),
    }
  }),

  /** What the finished trainings of a study say, with the verdict; null where none is finished. */
  result: procedure.input(study).query(({ ctx, input }) => {
    const data = studyData(ctx.lab.store, input.study)
    if (data.runs.length === 0) return null
    const summary = summariseStudy(data)
    return { ...summary, verdict: studyVerdict(summary) }
  }),

  /** The training curves of a study by metric: mean, lowest and highest seed of each variant. */
  curves: procedure.input(study).query(({ ctx, input }) => {
    const data = studyData(ctx.lab.store, input.study)
    const trainings = metricsOf(ctx.lab.store, data)
    const variants = data.variants.map(({ name }) => name)
    return BAND_METRICS.map((metric) => ({ metric, bands: bandsOf(trainings, metric, variants) }))
  }),

  /** The result in Markdown. */
  markdown: procedure.input(study).query(({ ctx, input }) => fileOfStudy(ctx.lab.store, input.study, 'study.md')),

  /** What a study from a run would be: its trainings, time, disk and power. Throws UserError where it cannot be made. */
  preview: procedure.input(wishes).query(async ({ ctx, input }) => {
    const read = planOf(ctx, input)
    const members = plannedMembers(read, '')
    const { seeds, variants, plan } = read
    return {
      name: plan.name,
      seeds,
      variants: [...variants.keys()],
      members: members.length,
      // A measurement would slow down what is at work, and is not for those who only look.
      forecast: await forecastStudy(ctx.lab.store, members, {
        measure: ctx.readOnly !== true && ctx.jobs.state.current === null,
      }),
      expected: expectedOf(seeds.length, variants.size, members[0]!.config),
    }
  }),

  /** Puts a study from a run at the end of the queue. Returns its number. */
  create: changing.input(wishes).mutation(({ ctx, input }) => {
    return { study: createStudy(ctx.lab.store, planOf(ctx, input)) }
  }),

  /** Starts to work off the queue: all open studies in their order. Returns the state of the job. */
  work: procedure.mutation(({ ctx }) => startQueue(ctx.jobs, ctx.lab.store)),

  /** Pauses a study, or puts it back into the queue. A training at work stops without loss. */
  setState: changing
    .input(study.extend({ state: z.enum(['open', 'paused'] satisfies StudyState[]) }))
    .mutation(({ ctx, input }) => ctx.lab.store.studies.setState(known(ctx, input.study).id, input.state)),

  /** Takes members out of a study. */
  cancel: changing.input(some).mutation(({ ctx, input }) => setCancelled(ctx, input, true)),

  /** Puts cancelled members back. */
  restore: changing.input(some).mutation(({ ctx, input }) => setCancelled(ctx, input, false)),

  /** Puts members at the head of a study, in this order. */
  order: changing.input(some.required()).mutation(({ ctx, input }) => {
    refuseUnknown(ctx, input.study, input.members)
    ctx.lab.store.studies.orderMembers(input.study, input.members)
  }),

  /** Puts studies at the head of the queue, in this order. */
  arrange: changing.input(z.object({ studies: z.array(id).max(1000) })).mutation(({ ctx, input }) => {
    for (const one of input.studies) known(ctx, one)
    ctx.lab.store.studies.order(input.studies)
  }),

  /** Forgets a study; its runs stay. Throws UserError while it is at work. */
  delete: changing.input(study).mutation(({ ctx, input }) => {
    const { store } = ctx.lab
    const { id: number, name } = known(ctx, input.study)
    if (store.studies.members(number).some((member) => runAtWork(store, member) !== null)) {
      throw new UserError('studyAtWork', { name })
    }
    store.studies.delete(number)
  }),
})

function known({ lab }: Pick<Context, 'lab'>, study: number): StudyRecord {
  return studyOf(lab.store, study)
}

async function brief({ lab: { store } }: Context, { state, ...record }: StudyRecord): Promise<StudyBrief> {
  const members = store.studies.members(record.id)
  const left = membersLeft(store, record.id)
  const isRunning = left.some((member) => runAtWork(store, member) !== null)
  const { seconds, bytes, free } = await forecastLeft(store, record.id)
  return {
    ...record,
    standing: isRunning ? 'running' : left.length === 0 ? 'done' : state === 'open' ? 'waiting' : 'paused',
    done: members.filter(({ status }) => status === 'done').length,
    left: left.length,
    cancelled: members.filter(({ cancelled, status }) => cancelled && status !== 'done').length,
    failed: left.filter(({ status }) => status === 'failed').length,
    seconds,
    bytes,
    free,
  }
}

function memberBrief({ lab: { store } }: Context, member: Member): MemberBrief {
  const { member: number, variant, seed, run } = member
  const state = memberState(member, runAtWork(store, member))
  return {
    member: number,
    variant,
    seed,
    run,
    state,
    seconds: run === null ? 0 : store.stages.of(run).reduce((sum, { seconds }) => sum + seconds, 0),
    failure: run !== null && state === 'failed' ? failureOfRun(store, run) : null,
  }
}

function planOf(ctx: Context, { run, seeds, vary, name }: z.output<typeof wishes>): ReadPlan {
  const assignments = vary.map(({ key, values }) => `${key}=${values}`)
  const read = ctx.settings.reader()
  const plan = planFromRun(find(ctx, run), read(), { seeds, vary: assignments })
  const named = { ...plan, name: name ?? freeName(ctx, plan.name) }
  if (studyNamed(ctx.lab.store, named.name) !== undefined) throw new UserError('studyNameTaken', { name: named.name })
  return expandPlan(named, read)
}

/** The name, with a number behind it where studies have it already. */
function freeName({ lab: { store } }: Context, name: string): string {
  let free = name
  for (let number = 2; studyNamed(store, free) !== undefined; number++) free = `${name}-${number}`
  return free
}

function setCancelled(ctx: Context, { study: number, members }: z.output<typeof some>, cancelled: boolean): void {
  const { store } = ctx.lab
  known(ctx, number)
  refuseUnknown(ctx, number, members ?? [])
  store.transaction(() => {
    for (const { member, status } of store.studies.members(number)) {
      const isMeant = members === undefined ? status !== 'done' : members.includes(member)
      if (isMeant) store.studies.setCancelled({ study: number, member }, cancelled)
    }
  })
}

function refuseUnknown({ lab }: Context, study: number, members: readonly number[]): void {
  const all = lab.store.studies.members(study)
  const missing = members.find((number) => !all.some(({ member }) => member === number))
  if (missing !== undefined) throw new UserError('studyMemberGone', { study, member: missing })
}
