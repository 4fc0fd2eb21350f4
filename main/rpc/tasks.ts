/** Procedures for tasks: which can be played, and how each was played in all runs. */
import { z } from 'zod'
import { EXPERTS } from '../environment/experts/index.ts'
import { type Cell, rate } from '../evaluation/evaluate.ts'
import { configuredTasks } from '../pipeline/resources.ts'
import type { FailureReason } from '../store/episode.ts'
import type { TaskCount } from '../store/played.ts'
import { procedure, router } from './trpc.ts'

/** A round of a run in which a task was played. */
export interface TaskRound {
  readonly run: number
  readonly round: number
  /** Success of the attempts that pairs are made of; null where the round collected none. */
  readonly collected: Cell | null
  /** Pairs, and those that training uses. */
  readonly pairs: number
  readonly kept: number
  /** Success of the evaluated policies, by arm. */
  readonly rates: Readonly<Record<string, Cell>>
}

export interface TaskSoFar {
  readonly rate: Cell | null
  readonly picture: number | null
}

/** How often attempts of a stage failed for a reason, in all runs. */
export interface TaskCause {
  readonly stage: string
  readonly reason: FailureReason
  readonly count: number
}

export const tasksRouter = router({
  /** Every task that can be played here. */
  list: procedure.query(({ ctx }) => {
    const config = ctx.settings.read()
    const evaluated = config.evaluation.tasks ?? config.tasks
    return configuredTasks(config).map(({ name, title, group, category, horizon, source }) => ({
      name,
      title,
      group,
      category,
      horizon,
      source,
      expert: name in EXPERTS,
      learned: config.tasks.includes(name),
      evaluated: evaluated.includes(name),
    }))
  }),

  /**
   * What is known of each task from all runs: the success of DPO's policies on unseen problems, and an episode whose first
   * step has a picture; null where there is none.
   */
  soFar: procedure.query(({ ctx }): Readonly<Record<string, TaskSoFar>> => {
    const { played } = ctx.lab.store
    const rates = played.rates('evaluate', 'dpo')
    return Object.fromEntries(
      played.tasks().map((task) => {
        const counts = rates.get(task)
        const own = counts === undefined ? null : rate(counts.solved, counts.played - counts.solved, 0)
        return [task, { rate: own, picture: played.pictured(task) ?? null }]
      }),
    )
  }),

  /** A task over all runs and rounds, the latest run first: success, pairs, and why attempts failed, the most frequent first. */
  get: procedure.input(z.object({ task: z.string().max(200) })).query(({ ctx, input: { task } }) => {
    const { played } = ctx.lab.store
    const counts = played.task(task)
    const pairs = new Map(played.pairs(task).map((one) => [`${one.run} ${one.round}`, one]))
    const rounds = [...Map.groupBy(counts, ({ run, round }) => `${run} ${round}`)].map(([key, own]): TaskRound => {
      const { run, round } = own[0]!
      const collected = own.filter(({ stage }) => stage === 'collect')
      const evaluated = Map.groupBy(
        own.filter(({ stage }) => stage === 'evaluate'),
        ({ arm }) => arm,
      )
      return {
        run,
        round,
        collected: collected.length === 0 ? null : rateOf(collected),
        pairs: pairs.get(key)?.pairs ?? 0,
        kept: pairs.get(key)?.kept ?? 0,
        rates: Object.fromEntries([...evaluated].map(([arm, some]) => [arm, rateOf(some)])),
      }
    })
    return { rounds, causes: causesOf(counts) }
  }),
})

function rateOf(counts: readonly TaskCount[]): Cell {
  const count = (outcome: TaskCount['outcome']) =>
    counts.reduce((sum, one) => sum + (one.outcome === outcome ? one.count : 0), 0)
  return rate(count('success'), count('failure'), count('fault'))
}

function causesOf(counts: readonly TaskCount[]): TaskCause[] {
  const failed = counts.flatMap(({ stage, reason, count }) => (reason === null ? [] : [{ stage, reason, count }]))
  return [...Map.groupBy(failed, ({ stage, reason }) => `${stage} ${reason}`).values()]
    .map((own) => ({ ...own[0]!, count: own.reduce((sum, { count }) => sum + count, 0) }))
    .sort((a, b) => b.count - a.count)
}
