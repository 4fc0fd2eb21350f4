/** The results of a run, read from the store: for the report at the end of the run, and for later requests. */
import { z } from 'zod'
import type { Task } from '../environment/tasks.ts'
import type { ExampleEpisode } from '../evaluation/examples.ts'
import type { ReportData } from '../evaluation/summary.ts'
import { UserError } from '../messages/error.ts'
import { messageSchema } from '../messages/schema.ts'
import { unsolvedTasks } from '../preferences/unsolved.ts'
import type { StoredAttempt } from '../store/episodes.ts'
import type { StageRecord } from '../store/stages.ts'
import type { Store } from '../store/store.ts'
import { readValue } from '../store/values.ts'
import { finishedStage } from './lineage.ts'
import { STAGE_NAMES } from './stage.ts'
import { pairCounts } from './stages/collect.ts'
import { truncation } from './stages/lengths.ts'

export const evaluateResult = z.object({
  /** The folder of report.html, summary.json and metrics.csv. */
  report: z.string(),
  /** The round whose policy the report calls dpo. */
  round: z.int(),
  arms: z.record(
    z.string(),
    z.object({ success: z.number(), n: z.int(), low: z.number(), high: z.number(), faults: z.int() }),
  ),
  /** The digest of the adapter that played, by arm. */
  adapters: z.record(z.string(), z.string()).default({}),
  /** Facts about the machine and the model, for the report in any language. */
  facts: z.record(z.string(), z.string().or(messageSchema)).default({}),
})
export type EvaluateResult = z.output<typeof evaluateResult>

/** The policies that were evaluated, with the episodes as they are in the store. */
export interface Evaluation extends Pick<ReportData, 'categoryOf' | 'facts'> {
  readonly arms: readonly { readonly name: string; readonly episodes: readonly StoredAttempt[] }[]
}

/** All data for the report of a run; `tasks` name the groups. Throws UserError like `evaluationOf`. */
export function resultsOf(store: Store, run: number, tasks: readonly Task[]): ReportData {
  const evaluation = evaluationOf(store, run, tasks)
  return { ...evaluation, ...history(store, run), examples: examplesOf(store, evaluation.arms) }
}

/**
 * A success and a failure of the base model, SFT and DPO each, with their steps. They are of one problem where one policy solved
 * what another did not.
 */
export function examplesOf(store: Store, arms: Evaluation['arms']): ExampleEpisode[] {
  const main = MAIN_ARMS.flatMap((name) => arms.find((arm) => arm.name === name) ?? [])
  const problem = ({ task, seed }: StoredAttempt) => `${task} ${seed}`
  return main.flatMap(({ name, episodes }) => {
    const others = main.filter((arm) => arm.name !== name).flatMap((arm) => arm.episodes)
    return (['success', 'failure'] as const).flatMap((outcome) => {
      const own = episodes.filter((one) => one.outcome === outcome)
      const apart = new Set(others.filter((one) => one.outcome !== outcome).map(problem))
      const chosen = own.find((one) => apart.has(problem(one))) ?? own[0]
      const view = chosen === undefined ? undefined : store.episodes.get(chosen.id)
      if (chosen === undefined || view === undefined) return []
      const { id, task, seed } = chosen
      const steps = view.steps.map(({ page, thought, action, completion, hasPicture }, at) => ({
        page,
        thought,
        action: action === '' ? completion : action,
        picture: hasPicture ? (store.episodes.picture(id, at) ?? null) : null,
      }))
      return [{ arm: name, task, seed, ending: chosen, steps }]
    })
  })
}

/** The policies whose episodes a report shows as examples. */
const MAIN_ARMS = ['base', 'sft', 'dpo']

/** The episodes of every policy on the evaluation block. Throws UserError where the run has no finished evaluation. */
export function evaluationOf(store: Store, run: number, tasks: readonly Task[]): Evaluation {
  const evaluated = store.stages.of(run).find(({ stage, status }) => stage === 'evaluate' && status === 'done')
  if (evaluated === undefined) {
    throw new UserError('notEvaluated', { run })
  }
  const { arms, facts } = readValue(evaluateResult, 'stages.result', evaluated.result)
  return {
    arms: Object.keys(arms).map((name) => ({
      name,
      episodes: store.episodes.outcomes({ run, stage: 'evaluate', round: evaluated.round, arm: name }),
    })),
    ...labels(tasks),
    facts,
  }
}

/** Stages, pairs and metrics of all runs that the evaluation of this run builds on. */
export function history(store: Store, run: number): Omit<ReportData, keyof Evaluation | 'examples'> {
  const records = recordsBehind(store, run)
  const collected = records.findLast(({ stage }) => stage === 'collect')
  const sources = new Set(records.map((record) => `${record.run} ${record.stage}`))
  return {
    ...outlineOf(store, run),
    unsolved: collected === undefined ? [] : unsolvedTasks(store.episodes.outcomes({ ...collected, arm: '' })),
    metrics: [...new Set(records.map((record) => record.run))]
      .flatMap((id) => store.metrics.of(id))
      .filter((metric) => sources.has(`${metric.run} ${metric.stage}`)),
    settings: store.runs.get(run).config,
  }
}

/** The numbers of episodes and pairs of each round, what training cut, and the time of every stage. */
export function outlineOf(store: Store, run: number): Pick<ReportData, 'run' | 'pairs' | 'truncations' | 'wall'> {
  const { name, started } = store.runs.record(run)
  const records = recordsBehind(store, run)
  return {
    run: { id: run, name, started },
    pairs: records
      .filter(({ stage }) => stage === 'collect')
      .map((record) => ({ round: record.round, counts: readValue(pairCounts, 'stages.result', record.result) })),
    truncations: records.flatMap(truncationsOf),
    wall: wallOf(records),
  }
}

const trained = z.object({ truncations: z.array(truncation).default([]) })

function truncationsOf({ stage, round, result }: StageRecord): ReportData['truncations'] {
  if (stage !== 'sft' && stage !== 'dpo') return []
  const { success, data } = trained.safeParse(result)
  return success ? data.truncations.map((one) => ({ stage, round, ...one })) : []
}

/** Seconds by stage. The name of a stage has its round where there are several, or where it is not the first. */
function wallOf(records: readonly StageRecord[]): ReportData['wall'] {
  const rounds = new Map<string, number>()
  for (const { stage } of records) rounds.set(stage, (rounds.get(stage) ?? 0) + 1)
  const nameOf = ({ stage, round }: StageRecord) => (round > 1 || rounds.get(stage)! > 1 ? `${stage} ${round}` : stage)
  return Object.fromEntries(records.map((record) => [nameOf(record), record.seconds]))
}

/** The stages that a run builds on: its own, and those of earlier runs. */
function recordsBehind(store: Store, run: number): StageRecord[] {
  // A stage that was run alone is not validated between rounds, whatever an earlier run did.
  const own: readonly string[] = ['validate', 'evaluate']
  return STAGE_NAMES.flatMap((stage) =>
    own.includes(stage)
      ? store.stages.of(run).filter((record) => record.stage === stage)
      : finishedStage(store, run, stage),
  )
}

/** The groups of tasks. A task without a group is one of the user's own pages. */
export function labels(tasks: readonly Task[]): Pick<ReportData, 'categoryOf'> {
  const groups = new Map(tasks.map(({ name, category }) => [name, category]))
  return { categoryOf: (task) => groups.get(task) ?? 'own' }
}
