/**
 * The preference file of the configuration: an export of the store that somebody may edit. The store remembers what it last
 * wrote there or imported from there, so that it knows a file that was changed since, wherever the lab is moved to.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, parse } from 'node:path'
import { writeFileAtomic } from '../files/file.ts'
import { shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import type { RoundKey } from '../store/keys.ts'
import type { KnownFile } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
import { type FilePair, parsePreferences, preferenceText } from './dataset.ts'
import { asNewPair, type Imported, importPairs } from './import.ts'
import { matchPairs } from './match.ts'
import { readText } from './trl.ts'

export interface PreferenceFile {
  readonly text: string
  /** What the store knows of it; undefined for a file of which it knows nothing. */
  readonly known: KnownFile | undefined
  /** Whether it stands as the store wrote or imported it. */
  readonly isUnchanged: boolean
}

/** Reads a preference file; undefined where there is none. Throws UserError where it cannot be read. */
export function readPreferenceFile(store: Store, path: string): PreferenceFile | undefined {
  const text = readText(path)
  if (text === undefined) return undefined
  const digest = digestOf(text)
  const known = store.pairs.knownFile(path, digest)
  return { text, known, isUnchanged: known?.digest === digest }
}

/**
 * Writes the pairs of a round that were not dropped by hand to the preference file, unless it holds them already. What
 * somebody wrote there and the lab could not write again is first copied to a file beside it, whose path is returned; null
 * where there is nothing of that kind. Throws UserError where it cannot be written.
 */
export function exportPreferences(store: Store, path: string, round: RoundKey): string | null {
  const there = readPreferenceFile(store, path)
  if (there?.isUnchanged && isUpToDate(store, there.known, round)) return null
  const text = preferenceText(store.pairs.kept(round))
  const copy = there === undefined || there.text === text || isOurs(store, there) ? null : freePath(path)
  if (copy !== null) writeFileAtomic(copy, there?.text ?? '')
  writeFileAtomic(path, text)
  store.pairs.setKnownFile(path, digestOf(text), round)
  return copy
}

/**
 * Takes the pairs of a text into a round, as `importPairs` does, and remembers that the preference file at `path` is
 * imported where this is its text. Throws UserError with the line of what is no pair, and for a text without pairs.
 */
export function importPreferences(
  store: Store,
  round: RoundKey,
  { text, file, replace, path }: { text: string; file: string; replace: boolean; path: string },
): Imported {
  const lines = filePairs(text, file)
  return store.transaction(() => {
    const imported = importPairs(store, round, lines, { file, replace })
    if (readText(path) === text) store.pairs.setKnownFile(path, digestOf(text), round)
    return imported
  })
}

/**
 * The round whose pairs are those of the preference file. A file that was changed since it was exported is imported into its
 * round first, and the round is then what the file is. A file of which the store knows nothing, or that has no pair of its
 * round left, becomes the pairs of the round `own`. `told` says what was changed, a message each. Throws UserError where
 * there is no file, where it holds no pairs, and with the line of what is no pair.
 */
export function roundOfFile(store: Store, path: string, own: RoundKey): { round: RoundKey; told: readonly Message[] } {
  const there = readPreferenceFile(store, path)
  const file = shownPath(path)
  if (there === undefined) throw new UserError('preferencesMissing', { path: file })
  const { text, known, isUnchanged } = there
  if (isUnchanged && known !== undefined) return { round: known, told: [] }
  const lines = filePairs(text, file)
  if (known !== undefined && matchPairs(store.pairs.of(known), lines).known.length > 0) {
    const { told } = importPreferences(store, known, { text, file, replace: true, path })
    return { round: known, told: [message('fileChanged', { path: file, run: known.run, round: known.round }), ...told] }
  }
  store.transaction(() => {
    store.pairs.replace(own, lines.map(asNewPair))
    store.pairs.setKnownFile(path, digestOf(text), own)
  })
  return { round: own, told: [message('fileTaken', { path: file, count: lines.length, run: own.run })] }
}

function filePairs(text: string, file: string): FilePair[] {
  const pairs = parsePreferences(text, file)
  if (pairs.length === 0) throw new UserError('fileWithoutPairs', { file })
  return pairs
}

/** Whether a file holds the pairs of a round with all of their corrections. */
function isUpToDate(store: Store, known: KnownFile | undefined, { run, round }: RoundKey): boolean {
  return known?.run === run && known.round === round && known.edit === store.pairs.lastEdit({ run, round })
}

/** Whether a file stands as the lab wrote it, so that nothing of it is lost where the lab writes anew. */
function isOurs(store: Store, { text, known, isUnchanged }: PreferenceFile): boolean {
  if (known === undefined || !isUnchanged) return false
  return known.edit === null || text === preferenceText(store.pairs.keptAt(known, known.edit))
}

/** A path beside a file where nothing is yet. */
function freePath(path: string): string {
  const { dir, name, ext } = parse(path)
  for (let number = 1; ; number++) {
    const free = join(dir, `${name}.by-hand-${number}${ext}`)
    if (!existsSync(free)) return free
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
