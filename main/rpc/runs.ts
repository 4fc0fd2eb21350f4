/** The runs there were. */

import { z } from 'zod'
import { differences } from '../config/differences.ts'
import { shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { keptArtifacts } from '../pipeline/artifacts.ts'
import { stageLine } from '../pipeline/line.ts'
import { isLocked } from '../store/lock.ts'
import type { Run, StageRecord, Status } from '../store/store.ts'
import { changes } from './changes.ts'
import { type Context, changing, id, procedure, router } from './trpc.ts'

/** 'interrupted': the process that did it is no more; it can be gone on with. */
export type RunStatus = Status | 'interrupted'

export interface RunBrief {
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
  /** The run that collected what this one trains on; null where it is this one itself, or the latest. */
  readonly collector: number | null
  /** The latest stage that has something to say; null where none has. */
  readonly told: StageBrief | null
  /** Overall success by arm, where it was evaluated. */
  readonly success: Readonly<Record<string, number>> | null
}

export interface StageBrief extends Omit<StageRecord, 'status'> {
  readonly status: RunStatus
  /** What came of it, in a line; '' where nothing has yet. */
  readonly line: string
}

export const runsRouter = router({
  /** Every run, the latest first. */
  list: procedure.query(({ ctx }) => {
    const statusOf = statuses(ctx)
    return ctx.lab.store.runs().map((run) => brief(ctx, run, statusOf))
  }),

  /** One run with its stages, its settings and its folder. */
  get: procedure.input(z.object({ run: id })).query(({ ctx, input }) => {
    const run = find(ctx, input.run)
    const { folder } = keptArtifacts(ctx.settings.read(), run)
    const statusOf = statuses(ctx)
    const all = stages(ctx, run, statusOf)
    return { ...brief(ctx, run, statusOf), config: run.config, folder: shownPath(folder), stages: all }
  }),

  /** The stages of a run in the order they were begun; of the latest run without a number. */
  stages: procedure.input(z.object({ run: id.optional() })).query(({ ctx, input }) => {
    const run = input.run === undefined ? ctx.lab.store.latestRun() : find(ctx, input.run)
    return {
      run: run?.id ?? null,
      command: run === undefined ? null : String(run.command),
      stages: run === undefined ? [] : stages(ctx, run, statuses(ctx)),
    }
  }),

  /** For every stage the latest time it was begun, in whatever run: what the stages alone would go on from. */
  latestStages: procedure.query(({ ctx }) => {
    const latest = new Map<string, StageBrief>()
    const statusOf = statuses(ctx)
    for (const run of ctx.lab.store.runs().reverse()) {
      for (const stage of stages(ctx, run, statusOf)) latest.set(stage.stage, stage)
    }
    return [...latest.values()]
  }),

  /** The settings in which two runs differ. */
  diff: procedure
    .input(z.object({ a: id, b: id }))
    .query(({ ctx, input }) => differences(find(ctx, input.a).config, find(ctx, input.b).config)),

  /** How often people have changed what runs left, now and after every change. */
  edits: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<number> {
    let told: number | undefined
    for await (const _ of changes(ctx.lab.changes, signal, {})) {
      const { edited } = ctx.lab.changes.getState()
      if (edited !== told) yield edited
      told = edited
    }
  }),

  /** Hides a run; it can be brought back until the lab is started anew. */
  delete: changing.input(z.object({ run: id })).mutation(({ ctx, input }) => {
    find(ctx, input.run)
    if (ctx.jobs.state.current?.run === input.run) {
      throw new UserError(`Run ${input.run} is at work; stop it before you delete it.`)
    }
    ctx.lab.store.setRunDeleted(input.run, true)
    return { run: input.run }
  }),

  /** The runs that were deleted and can still be brought back, the latest first. */
  deleted: procedure.query(({ ctx }) =>
    ctx.lab.store
      .deletedRuns(Date.now() + 1)
      .map(({ id: run, name, command, started }) => ({ id: run, name, command: String(command), started }))
      .reverse(),
  ),

  /** Brings a deleted run back. */
  restore: changing.input(z.object({ run: id })).mutation(({ ctx, input }) => {
    ctx.lab.store.setRunDeleted(input.run, false)
    return { run: find(ctx, input.run).id }
  }),
})

/** The run of this id. Throws UserError where there is none. */
export function find({ lab }: Pick<Context, 'lab'>, run: number): Run {
  const found = lab.store.runs().find(({ id: known }) => known === run)
  if (found === undefined) throw new UserError(`There is no run ${run}; load the list again.`)
  return found
}

function brief(ctx: Context, run: Run, statusOf: StatusOf): RunBrief {
  const { id: number, name, command, started, ended, config } = run
  const all = stages(ctx, run, statusOf)
  const evaluated = all.find(({ stage, status }) => stage === 'evaluate' && status === 'done')
  return {
    id: number,
    name,
    command: String(command),
    status: statusOf(run.id, run.status),
    started,
    ended,
    seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
    seed: config.project.seed,
    model: config.model.base_model_name,
    tasks: config.tasks.length,
    rounds: run.collection === null ? config.flywheel.rounds : 1,
    collector: run.collection?.run ?? null,
    told: all.findLast(({ line }) => line !== '') ?? null,
    success: successOf(evaluated?.result),
  }
}

function stages(ctx: Context, run: Run, statusOf: StatusOf): StageBrief[] {
  return ctx.lab.store
    .stages(run.id)
    .map((record) => ({ ...record, status: statusOf(run.id, record.status), line: stageLine(record) }))
}

type StatusOf = (run: number, status: Status) => RunStatus

/** What is written down as running, but neither by this lab nor by another that holds the store, was interrupted. */
function statuses({ jobs, lab }: Context): StatusOf {
  let locked: boolean | undefined
  return (run, status) => {
    if (status !== 'running' || jobs.state.current?.run === run) return status
    locked ??= jobs.state.current === null && isLocked(lab.store.path)
    return locked ? 'running' : 'interrupted'
  }
}

const evaluated = z.object({ arms: z.record(z.string(), z.object({ success: z.number() })) })

function successOf(result: unknown): Record<string, number> | null {
  const parsed = evaluated.safeParse(result)
  if (!parsed.success) return null
  return Object.fromEntries(Object.entries(parsed.data.arms).map(([arm, { success }]) => [arm, success]))
}
