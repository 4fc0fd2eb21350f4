/**
 * The preference file of the configuration is an export of the store, until somebody changes it by hand. As long as
 * nobody has, the store's pairs with their corrections are the truth; once somebody has, the file is.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { Collection, Store, StoredPair } from '../store/store.ts'
import { writePreferenceData } from './dataset.ts'

/** Writes the pairs of a round that were not dropped by hand, and remembers that the file is theirs. Throws UserError. */
export function exportPreferences(store: Store, path: string, { run, round }: Collection): void {
  writePreferenceData(path, keptPairs(store, run, round))
  store.database.run(
    'INSERT OR REPLACE INTO preference_files (path, run, round, digest) VALUES (?, ?, ?, ?)',
    path,
    run,
    round,
    digest(path),
  )
}

/**
 * The round that a file was exported from, as long as it stands as it was written, here or in the place that the lab was
 * moved from; undefined where it does not.
 */
export function exportedFrom(store: Store, path: string): Collection | undefined {
  if (!existsSync(path)) return undefined
  const row = store.database.get(
    'SELECT run, round FROM preference_files WHERE digest = ? ORDER BY path = ? DESC, run DESC, round DESC',
    digest(path),
    path,
  )
  return row && { run: Number(row.run), round: Number(row.round) }
}

/** The pairs of a round as they were left by hand. */
export function keptPairs(store: Store, run: number, round: number): StoredPair[] {
  return store.pairs(run, round).filter(({ keep }) => keep)
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
