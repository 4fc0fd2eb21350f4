/**
 * Finds the earlier runs that a result builds on. A pipeline runs every stage itself. Training again builds on the run
 * that collected the pairs. A stage that is run alone builds on the latest run of each earlier stage.
 */
import type { Runs } from '../store/runs.ts'
import type { StageRecord, Stages } from '../store/stages.ts'
import type { StageName } from './stage.ts'

/** What of a store says which runs a result builds on. */
export interface Records {
  readonly runs: Pick<Runs, 'record'>
  readonly stages: Pick<Stages, 'of' | 'done'>
}

/**
 * The finished records of a stage, by round, in the latest run that finished it. `run` itself is preferred, then the
 * run of the collection that it trains on. Empty where no run has finished the stage.
 */
export function finishedStage(store: Records, run: number, stage: StageName): StageRecord[] {
  const { collection } = store.runs.record(run)
  for (const id of [run, ...(collection === null ? [] : [collection.run])]) {
    const done = store.stages.of(id).filter((record) => record.stage === stage && record.status === 'done')
    if (done.length > 0) return done
  }
  const earlier = store.stages.done(stage).filter((record) => record.run < run)
  return earlier.filter((record) => record.run === earlier[0]?.run)
}
