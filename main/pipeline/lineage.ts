/**
 * Which earlier runs a result builds on. A pipeline does every stage itself; training again builds on the run that
 * collected; a stage that is run alone builds on the latest run of each stage before it.
 */
import type { StageRecord } from '../store/stages.ts'
import type { Store } from '../store/store.ts'
import type { StageName } from './stage.ts'

/**
 * The finished records of a stage, by round, in the latest run that finished it: `run` itself before all others, then
 * the run of the collection that it trains on. None where no run has.
 */
export function finishedStage(store: Store, run: number, stage: StageName): StageRecord[] {
  const { collection } = store.runs.record(run)
  for (const id of [run, ...(collection === null ? [] : [collection.run])]) {
    const done = store.stages.of(id).filter((record) => record.stage === stage && record.status === 'done')
    if (done.length > 0) return done
  }
  const earlier = store.stages.done(stage).filter((record) => record.run < run)
  return earlier.filter((record) => record.run === earlier[0]?.run)
}
