/** The pairs that training reads: as they were collected, and corrected by hand. */
import { existsSync } from 'node:fs'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { readPreferenceData, writePreferenceData, writePreferenceRecords } from '../../preferences/dataset.ts'
import { exportedFrom, exportPreferences } from '../../preferences/exported.ts'
import type { StoredPair } from '../../store/pairs.ts'
import { hasAdapter } from '../artifacts.ts'
import type { StageContext } from '../stage.ts'

/**
 * The file of the pairs that these arms train on: in the run's folder, where they stay as they are once a training has begun with
 * them. Before that they are put there, with the corrections made by hand: this run's pairs; those of the collection that
 * it was asked to train on; for a stage run alone those of the collection that the configuration's file was exported from;
 * and where that file was itself changed by hand, the file.
 */
export function trainingPairs(context: StageContext, arms: readonly string[]): string {
  const { artifacts, config, store, run, round } = context
  const own = artifacts.preferences(round)
  if (existsSync(own) && hasBegun(context, arms)) return own
  const path = projectPath(config.paths.preference_data)
  const collection =
    store.pairs.of({ run, round }).length > 0 ? { run, round } : (context.collection ?? exportedFrom(store, path))
  if (collection === undefined) {
    context.say('pairsByHand', { path: shownPath(path) })
    writePreferenceRecords(own, readPreferenceData(path))
    return own
  }
  const pairs = store.pairs.of(collection)
  const kept = pairs.filter(({ keep }) => keep)
  if (kept.length === 0) {
    throw new UserError(`All pairs of run ${collection.run} were dropped by hand; keep some, or collect again.`)
  }
  const count = (which: (pair: StoredPair) => boolean) => kept.filter(which).length
  const reviewed = pairs.filter((pair) => pair.reviewed).length
  if (reviewed > 0) {
    context.say('reviewed', {
      reviewed,
      pairs: pairs.length,
      dropped: pairs.length - kept.length,
      swapped: count(({ swapped }) => swapped),
      edited: count(({ edited }) => edited),
    })
  }
  writePreferenceData(own, kept)
  if (collection.run !== run) exportPreferences(store, path, collection)
  return own
}

/** Whether an arm of this stage has a checkpoint or is done: the pairs must then stay what they were. */
function hasBegun({ artifacts, store, arm, round }: StageContext, arms: readonly string[]): boolean {
  return arms.some((name) => hasAdapter(artifacts.adapter(name, round)) || store.checkpoint(arm(name)) !== undefined)
}
