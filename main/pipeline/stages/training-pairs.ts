/** The pairs that a run trains on: the collected ones with their corrections. */
import { join } from 'node:path'
import { projectPath } from '../../files/paths.ts'
import { cutShort } from '../../messages/cut.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { adoptTrainingSet } from '../../preferences/earlier-set.ts'
import { readPreferenceFile, roundOfFile } from '../../preferences/file.ts'
import type { RoundKey } from '../../store/keys.ts'
import type { StoredPair } from '../../store/pairs.ts'
import { hasAdapter } from '../artifacts.ts'
import type { StageContext } from '../stage.ts'
import { exportPairs } from './export-pairs.ts'

/**
 * The pairs that these arms train on. Once a training has begun, later corrections do not change its pairs, because the
 * store remembers the set. Before that, the set is made from the collection with its corrections so far. Throws
 * UserError where no pair is left, and where the store has lost the set of a training that has begun.
 */
export async function trainingPairs(context: StageContext, arms: readonly string[]): Promise<readonly StoredPair[]> {
  const { store, run } = context
  if (!hasBegun(context, arms)) await begin(context)
  else if (store.pairs.trainsOn(context) === undefined) await adopt(context)
  const pairs = store.pairs.trainingSet(context)
  if (pairs === undefined) throw new UserError('trainingSetLost', { run })
  return pairs
}

async function begin(context: StageContext): Promise<void> {
  const { store, run } = context
  const collection = await collectionOf(context)
  const { pairs, reviewed, dropped } = store.pairs.count(collection)
  const kept = store.pairs.kept(collection)
  if (kept.length === 0) throw new UserError('allPairsDropped', { run: collection.run })
  if (reviewed > 0) {
    const swapped = kept.filter((pair) => pair.swapped).length
    const edited = kept.filter((pair) => pair.edited).length
    context.say('reviewed', {
      reviewed,
      pairCount: message('countPairs', { count: pairs }),
      dropped,
      swapped,
      edited,
    })
  }
  store.pairs.setTrainingSet(context, collection)
  if (collection.run !== run) exportPairs(context, collection)
}

/** Takes over the set of a training that an earlier version began: that version kept it in the run's folder. */
async function adopt({ config, store, run, round, collection, artifacts }: StageContext): Promise<void> {
  const known = readPreferenceFile(store, projectPath(config.paths.preference_data))?.known
  const collections = [{ run, round }, collection, known].filter((one) => one !== null && one !== undefined)
  await adoptTrainingSet(
    store,
    join(artifacts.folder, `round-${round}`, 'preferences.jsonl'),
    { run, round },
    collections,
  )
}

/**
 * The run's own collection, or the one that it was given, or, for a stage that is run alone, the one that the
 * preference file was exported from. Changes in the file are imported first.
 */
async function collectionOf(context: StageContext): Promise<RoundKey> {
  const { config, store, run, round, collection } = context
  if (store.pairs.count(context).pairs > 0) return { run, round }
  if (collection !== null) return collection
  const found = await roundOfFile(store, projectPath(config.paths.preference_data), { run, round })
  for (const told of cutShort(found.told)) context.tell(told)
  return found.round
}

/** Whether an arm of this stage has a checkpoint or is done. Then its pairs must not change. */
function hasBegun({ artifacts, store, arm, round }: StageContext, arms: readonly string[]): boolean {
  return arms.some(
    (name) => hasAdapter(artifacts.adapter(name, round)) || store.checkpoints.get(arm(name)) !== undefined,
  )
}
