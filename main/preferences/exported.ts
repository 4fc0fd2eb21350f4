/**
 * The preference file of the configuration is an export of the store, until somebody changes it by hand. As long as
 * nobody has, the store's pairs with their corrections are the truth; once somebody has, the file is.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { RoundKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { writePreferenceData } from './dataset.ts'

/** Writes the pairs of a round that were not dropped by hand, and remembers that the file is theirs. Throws UserError. */
export function exportPreferences(store: Store, path: string, round: RoundKey): void {
  writePreferenceData(path, store.pairs.kept(round))
  store.pairs.setExported(path, digest(path), round)
}

/**
 * The round that a file was exported from, as long as it stands as it was written, here or in the place that the lab was
 * moved from; undefined where it does not.
 */
export function exportedFrom(store: Store, path: string): RoundKey | undefined {
  return existsSync(path) ? store.pairs.exportedFrom(path, digest(path)) : undefined
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
