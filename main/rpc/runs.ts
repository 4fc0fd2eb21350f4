/** Procedures for runs. */

import { z } from 'zod'
import { type Differing, differing } from '../config/differences.ts'
import type { ArmSummary } from '../evaluation/summary.ts'
import { shownPath } from '../files/paths.ts'
import { type Failure, UserError } from '../messages/error.ts'
import { isLasting } from '../messages/lasting.ts'
import type { Message } from '../messages/message.ts'
import { keptArtifacts } from '../pipeline/artifacts.ts'
import { stageLine } from '../pipeline/line.ts'
import { evaluateResult } from '../pipeline/results.ts'
import { failureOfRun } from '../store/failure.ts'
import { type Label, NO_LABEL } from '../store/labels.ts'
import { isLocked } from '../store/lock.ts'
import type { MeasuredArm } from '../store/metrics.ts'
import type { Run, RunRecord, RunSummary, Status } from '../store/runs.ts'
import type { StageRecord, StageTotals } from '../store/stages.ts'
import type { Store } from '../store/store.ts'
import { changes } from './changes.ts'
import { type Context, changing, id, procedure, router } from './trpc.ts'

/** 'interrupted': the process of the run has ended without finishing it. The run can be resumed. */
export type RunStatus = Status | 'interrupted'

export interface RunBrief extends Label {
  readonly id: number
  readonly name: string
  readonly command: string
  readonly status: RunStatus
  /** Milliseconds since 1970. */
  readonly started: number
  readonly ended: number | null
  /** Wall time of all its stages. */
  readonly seconds: number
  readonly seed: number
  readonly model: string
  readonly tasks: number
  readonly rounds: number
  /** The run that collected the pairs this run trains on; null where that is this run or the latest one. */
  readonly collector: number | null
  /** The result of the latest stage that has one, in one line; null where none has one. */
  readonly told: Message | null
  /** Why the run failed; null where it did not. */
  readonly failure: Failure | null
  /** Whether it is not finished, and can end otherwise where it resumes. */
  readonly resumable: boolean
  /** Success on all tasks by arm, with its 95% interval; null where the run was not evaluated. */
  readonly rates: Readonly<Record<string, ArmSummary>> | null
}

export interface StageBrief extends Omit<StageRecord, 'status'> {
  readonly status: RunStatus
  /** The result in one line; null where there is none yet. */
  readonly line: Message | null
}

/** Several runs side by side. */
export interface RunsCompared {
  /** The settings that are not the same in all of them, with their values in the order of the runs. */
  readonly settings: readonly Differing[]
  /** The trainings of all of them. */
  readonly trainings: readonly MeasuredArm[]
}

/** As many as a screen has room for, and more. */
const SEVERAL = 200
const several = z.array(id).min(1).max(SEVERAL)
/** As many as a lab may have. */
const many = z.array(id).min(1).max(100_000)
const settingKey = z
  .string()
  .regex(/^\w+(\.\w+)*$/)
  .max(100)
const tag = z.string().trim().min(1).max(40)

export const runsRouter = router({
  /** Every run, the latest first. */
  list: procedure.query(({ ctx }) => {
    const statusOf = statuses(ctx)
    const { runs, labels, stages } = ctx.lab.store
    const [label, totals] = [labels.all(), stages.totals()]
    return runs.summaries().map((run) => {
      const { seconds, version } = totals.get(run.id) ?? { seconds: 0, version: '' }
      const outcome = { seconds, ...outcomeAt(ctx.lab.store, run.id, version) }
      return { ...brief(ctx, run, outcome, statusOf), ...(label.get(run.id) ?? NO_LABEL) }
    })
  }),

  /** One run with its stages, its settings and its folder. */
  get: procedure.input(z.object({ run: id })).query(({ ctx, input }) => {
    const run = find(ctx, input.run)
    const { folder } = keptArtifacts(ctx.settings.read(), run)
    const statusOf = statuses(ctx)
    const stages = ctx.lab.store.stages.of(run.id)
    return {
      ...brief(
        ctx,
        run,
        { seconds: stages.reduce((sum, one) => sum + one.seconds, 0), ...outcomeOf(stages) },
        statusOf,
      ),
      ...(ctx.lab.store.labels.all().get(run.id) ?? NO_LABEL),
      config: run.config,
      folder: shownPath(folder),
      stages: stages.map((record) => stageBrief(record, statusOf)),
    }
  }),

  /** The stages of a run in the order in which they began; by default of the latest run. */
  stages: procedure.input(z.object({ run: id.optional() })).query(({ ctx, input }) => {
    const { runs, stages } = ctx.lab.store
    const run = input.run === undefined ? runs.latest() : found(ctx, input.run)
    const statusOf = statuses(ctx)
    return {
      run: run?.id ?? null,
      command: run === undefined ? null : String(run.command),
      stages: run === undefined ? [] : stages.of(run.id).map((record) => stageBrief(record, statusOf)),
    }
  }),

  /** The latest record of every stage, in any run. A stage that is run alone continues from these. */
  latestStages: procedure.query(({ ctx }) => {
    const latest = new Map<string, StageRecord>()
    const byRun = [...ctx.lab.store.stages.byRun()].sort(([one], [other]) => one - other)
    for (const record of byRun.flatMap(([, records]) => records)) latest.set(record.stage, record)
    const statusOf = statuses(ctx)
    return [...latest.values()].map((record) => stageBrief(record, statusOf))
  }),

  /** Runs side by side: the settings in which they differ, and their trainings. */
  compare: procedure.input(z.object({ runs: several })).query(
    ({ ctx, input }): RunsCompared => ({
      settings: differing(input.runs.map((run) => find(ctx, run).config)),
      trainings: input.runs.flatMap((run) => ctx.lab.store.metrics.arms(run)),
    }),
  ),

  /** The values of some settings in every run, in the order of `keys`; null where a run has no such setting. */
  values: procedure
    .input(z.object({ keys: z.array(settingKey).min(1).max(50) }))
    .query(({ ctx, input }) => Object.fromEntries(ctx.lab.store.runs.values(input.keys))),

  /** Writes the title or the note of a run. */
  label: changing
    .input(z.object({ run: id, title: z.string().trim().max(120).optional(), note: z.string().max(20_000).optional() }))
    .mutation(({ ctx, input: { run, ...label } }) => {
      ctx.lab.store.labels.write(found(ctx, run).id, label)
      return { run }
    }),

  /** Gives runs a tag, or takes it from them. */
  tag: changing.input(z.object({ runs: many, tag, on: z.boolean() })).mutation(({ ctx, input: { runs, tag, on } }) => {
    const known = new Set(ctx.lab.store.runs.ids())
    ctx.lab.store.labels.tag(
      runs.filter((run) => known.has(run)),
      tag,
      on,
    )
    return { runs: runs.length }
  }),

  /** The number of changes by people to stored runs, now and after every change. */
  edits: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<number> {
    let told: number | undefined
    for await (const _ of changes(ctx.lab.changes, signal, {})) {
      const { edited } = ctx.lab.changes.getState()
      if (edited !== told) yield edited
      told = edited
    }
  }),

  /** Marks runs as deleted, all or none. They can be brought back until the lab is started again. */
  delete: changing.input(z.object({ runs: many })).mutation(({ ctx, input: { runs } }) => {
    ctx.lab.hide(runs)
    return { runs: runs.length }
  }),

  /** The deleted runs that can be brought back, the latest first. */
  deleted: procedure.query(({ ctx }) =>
    ctx.lab.store.runs
      .deleted(Date.now() + 1)
      .map(({ id: run, name, command, started }) => ({ id: run, name, command: String(command), started }))
      .reverse(),
  ),

  /** Brings deleted runs back, all or none. */
  restore: changing.input(z.object({ runs: many })).mutation(({ ctx, input: { runs } }) =>
    ctx.lab.store.transaction(() => {
      for (const run of runs) {
        ctx.lab.store.runs.setDeleted(run, false)
        found(ctx, run)
      }
      return { runs: runs.length }
    }),
  ),
})

/** The run with this id, and its settings. Throws UserError where there is none. */
export function find(ctx: Pick<Context, 'lab'>, run: number): Run {
  return ctx.lab.store.runs.get(found(ctx, run).id)
}

function found({ lab }: Pick<Context, 'lab'>, run: number): RunRecord {
  const record = lab.store.runs.find(run)
  if (record === undefined) throw new UserError('runGone', { run })
  return record
}

function brief(
  ctx: Pick<Context, 'lab'>,
  run: RunSummary,
  outcome: Outcome & Pick<RunBrief, 'seconds'>,
  statusOf: StatusOf,
): Omit<RunBrief, keyof Label> {
  const { id: number, name, command, started, ended, seed, model, tasks, rounds, collection } = run
  const status = statusOf(number, run.status)
  const failure = run.status === 'failed' ? failureOfRun(ctx.lab.store, number) : null
  return {
    id: number,
    name,
    command: String(command),
    status,
    started,
    ended,
    ...outcome,
    seed,
    model,
    tasks,
    rounds: collection === null ? rounds : 1,
    collector: collection?.run ?? null,
    failure,
    resumable: !['done', 'running'].includes(status) && !isLasting(failure?.messages ?? []),
  }
}

type Outcome = Pick<RunBrief, 'told' | 'rates'>

function outcomeOf(stages: readonly StageRecord[]): Outcome {
  const evaluated = stages.find(({ stage, status }) => stage === 'evaluate' && status === 'done')
  return { told: lastLine(stages), rates: ratesOf(evaluated?.result) }
}

/** With the version of the stages that it was read from. */
type KnownOutcome = Outcome & Pick<StageTotals, 'version'>

/** The outcomes of the runs of a store. */
const outcomes = new WeakMap<Store, Map<number, KnownOutcome>>()

/** The outcome of a run. Parsing the results of a thousand runs takes long, so it is read again only where a stage has changed. */
function outcomeAt(store: Store, run: number, version: string): Outcome {
  const known = outcomes.get(store) ?? new Map<number, KnownOutcome>()
  outcomes.set(store, known)
  const before = known.get(run)
  const { told, rates } = before?.version === version ? before : outcomeOf(store.stages.of(run))
  known.set(run, { told, rates, version })
  return { told, rates }
}

function stageBrief(record: StageRecord, statusOf: StatusOf): StageBrief {
  return { ...record, status: statusOf(record.run, record.status), line: stageLine(record) }
}

type StatusOf = (run: number, status: Status) => RunStatus

/** A run that is stored as running was interrupted, unless this lab or another holder of the store is running it. */
function statuses({ jobs, lab }: Context): StatusOf {
  let locked: boolean | undefined
  return (run, status) => {
    if (status !== 'running' || jobs.state.current?.run === run) return status
    locked ??= jobs.state.current === null && isLocked(lab.store.path)
    return locked ? 'running' : 'interrupted'
  }
}

function lastLine(stages: readonly StageRecord[]): Message | null {
  for (const record of stages.toReversed()) {
    const line = stageLine(record)
    if (line !== null) return line
  }
  return null
}

/** What a list shows of an evaluation. */
const evaluated = evaluateResult.pick({ arms: true })

function ratesOf(result: unknown): Record<string, ArmSummary> | null {
  const parsed = evaluated.safeParse(result)
  return parsed.success ? parsed.data.arms : null
}
