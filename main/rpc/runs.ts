/** Procedures for runs. */

import { z } from 'zod'
import { differences } from '../config/differences.ts'
import { shownPath } from '../files/paths.ts'
import { type Failure, UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { keptArtifacts } from '../pipeline/artifacts.ts'
import { stageLine } from '../pipeline/line.ts'
import { failureOfRun } from '../store/failure.ts'
import { isLocked } from '../store/lock.ts'
import type { Run, RunRecord, RunSummary, Status } from '../store/runs.ts'
import type { StageRecord } from '../store/stages.ts'
import { changes } from './changes.ts'
import { type Context, changing, id, procedure, router } from './trpc.ts'

/** 'interrupted': the process of the run has ended without finishing it. The run can be resumed. */
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
  /** The run that collected the pairs this run trains on; null where that is this run or the latest one. */
  readonly collector: number | null
  /** The latest stage with a result; null where none has one. */
  readonly told: StageBrief | null
  /** Why the run failed; null where it did not. */
  readonly failure: Failure | null
  /** Overall success by arm, where the run was evaluated. */
  readonly success: Readonly<Record<string, number>> | null
}

export interface StageBrief extends Omit<StageRecord, 'status'> {
  readonly status: RunStatus
  /** The result in one line; null where there is none yet. */
  readonly line: Message | null
}

export const runsRouter = router({
  /** Every run, the latest first. */
  list: procedure.query(({ ctx }) => {
    const statusOf = statuses(ctx)
    const stages = ctx.lab.store.stages.byRun()
    return ctx.lab.store.runs.summaries().map((run) => brief(ctx, run, stages.get(run.id) ?? [], statusOf))
  }),

  /** One run with its stages, its settings and its folder. */
  get: procedure.input(z.object({ run: id })).query(({ ctx, input }) => {
    const run = find(ctx, input.run)
    const { folder } = keptArtifacts(ctx.settings.read(), run)
    const statusOf = statuses(ctx)
    const stages = ctx.lab.store.stages.of(run.id)
    return {
      ...brief(ctx, run, stages, statusOf),
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

  /** The settings in which two runs differ. */
  diff: procedure
    .input(z.object({ a: id, b: id }))
    .query(({ ctx, input }) => differences(find(ctx, input.a).config, find(ctx, input.b).config)),

  /** The number of changes by people to stored runs, now and after every change. */
  edits: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<number> {
    let told: number | undefined
    for await (const _ of changes(ctx.lab.changes, signal, {})) {
      const { edited } = ctx.lab.changes.getState()
      if (edited !== told) yield edited
      told = edited
    }
  }),

  /** Marks a run as deleted. It can be brought back until the lab is started again. */
  delete: changing.input(z.object({ run: id })).mutation(({ ctx, input }) => {
    ctx.lab.hide(input.run)
    return { run: input.run }
  }),

  /** The deleted runs that can be brought back, the latest first. */
  deleted: procedure.query(({ ctx }) =>
    ctx.lab.store.runs
      .deleted(Date.now() + 1)
      .map(({ id: run, name, command, started }) => ({ id: run, name, command: String(command), started }))
      .reverse(),
  ),

  /** Brings a deleted run back. */
  restore: changing.input(z.object({ run: id })).mutation(({ ctx, input }) => {
    ctx.lab.store.runs.setDeleted(input.run, false)
    return { run: found(ctx, input.run).id }
  }),
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
  stages: readonly StageRecord[],
  statusOf: StatusOf,
): RunBrief {
  const { id: number, name, command, started, ended, seed, model, tasks, rounds, collection } = run
  const evaluated = stages.find(({ stage, status }) => stage === 'evaluate' && status === 'done')
  const told = stages.findLast((record) => stageLine(record) !== null)
  return {
    id: number,
    name,
    command: String(command),
    status: statusOf(number, run.status),
    started,
    ended,
    seconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
    seed,
    model,
    tasks,
    rounds: collection === null ? rounds : 1,
    collector: collection?.run ?? null,
    told: told === undefined ? null : stageBrief(told, statusOf),
    failure: run.status === 'failed' ? failureOfRun(ctx.lab.store, number) : null,
    success: successOf(evaluated?.result),
  }
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

const evaluated = z.object({ arms: z.record(z.string(), z.object({ success: z.number() })) })

function successOf(result: unknown): Record<string, number> | null {
  const parsed = evaluated.safeParse(result)
  if (!parsed.success) return null
  return Object.fromEntries(Object.entries(parsed.data.arms).map(([arm, { success }]) => [arm, success]))
}
