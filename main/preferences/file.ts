/**
 * The preference file of the configuration: an export of the store that somebody may edit. The store remembers what it
 * last wrote to the file or imported from it. So it recognises later changes, even after the lab was moved.
 */
import { createHash } from 'node:crypto'
import { constants, copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { join, parse } from 'node:path'
import { unwritable, writeFileAtomic } from '../files/file.ts'
import { shownPath } from '../files/paths.ts'
import { shortLines } from '../messages/cut.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import type { RoundKey } from '../store/keys.ts'
import type { KnownFile } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
import { readText } from './data-file.ts'
import { type FilePair, type FilePairs, parsePreferences, preferenceText } from './dataset.ts'
import { asNewPair, doubts, freshAnswers, type Imported, importPairs, refuseEmpty } from './import.ts'
import { matchPairs } from './match.ts'
import { promptOfRun } from './run-prompt.ts'

export interface PreferenceFile {
  readonly text: string
  /** What the store knows about it; undefined for an unknown file. */
  readonly known: KnownFile | undefined
  /** Whether it is as the store wrote or imported it. */
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
 * Writes the pairs of a round that were not dropped by hand to the preference file, unless it has them already. A file
 * with content that the store lacks is first copied, byte for byte, whatever it is; the copy's path is returned, or null
 * where no copy was needed. Throws UserError where the file cannot be written.
 */
export function exportPreferences(store: Store, path: string, round: RoundKey): string | null {
  const there = readable(store, path)
  if (there !== undefined && there !== 'foreign' && there.isUnchanged && isUpToDate(store, there.known, round))
    return null
  const text = preferenceText(store.pairs.kept(round), promptOfRun(store, round.run))
  const needsCopy = there === 'foreign' || (there !== undefined && there.text !== text && !isOurs(store, there))
  const copy = needsCopy ? freePath(path) : null
  if (copy !== null) copyFile(path, copy)
  writeFileAtomic(path, text)
  store.pairs.setKnownFile(path, digestOf(text), round)
  return copy
}

/** The preference file; 'foreign' where it is no text that the lab reads, undefined where there is none. */
function readable(store: Store, path: string): PreferenceFile | 'foreign' | undefined {
  try {
    return readPreferenceFile(store, path)
  } catch (error) {
    if (error instanceof UserError && statSync(path).isFile()) return 'foreign'
    throw error
  }
}

function copyFile(path: string, copy: string): void {
  try {
    copyFileSync(path, copy, constants.COPYFILE_EXCL)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(copy, { force: true })
    throw unwritable(copy, error)
  }
}

/**
 * Imports the pairs of a text into a round, as `importPairs` does. If the preference file at `path` has this text, and
 * the round now has just its pairs, the store remembers the file as imported. Otherwise the next export writes the
 * round to it. With `preview` it says what it would do, and changes nothing. Throws UserError with the line of an invalid pair,
 * and for a text without pairs.
 */
export async function importPreferences(
  store: Store,
  round: RoundKey,
  {
    text,
    file,
    replace,
    path,
    preview = false,
    author = null,
  }: { text: string; file: string; replace: boolean; path: string; preview?: boolean; author?: string | null },
): Promise<Imported> {
  const { pairs, told } = await filePairs(text, file)
  return store[preview ? 'trial' : 'transaction'](() => {
    const imported = importPairs(store, round, pairs, { file, replace, author })
    if (readText(path) === text && hasJust(store, round, pairs)) store.pairs.setKnownFile(path, digestOf(text), round)
    return { ...imported, told: [...told, ...imported.told] }
  })
}

/**
 * The round whose pairs the preference file has; also that of a hidden run, as long as the file is as it was. If the file was changed after its export, it is first imported into
 * its round, which then equals the file. If the store does not know the file, or the file has no pair of its round
 * left, its pairs become those of the round `own`. `told` has a message for each change. Throws UserError where the
 * file is missing or has no pairs, and with the line of an invalid pair.
 */
export async function roundOfFile(
  store: Store,
  path: string,
  own: RoundKey,
): Promise<{ round: RoundKey; told: readonly Message[] }> {
  const there = readPreferenceFile(store, path)
  const file = shownPath(path)
  if (there === undefined) throw new UserError('preferencesMissing', { path: file })
  const { text, known, isUnchanged } = there
  if (isUnchanged && known !== undefined) return { round: known, told: [] }
  const { pairs, told } = await filePairs(text, file)
  if (known?.isHidden === false && matchPairs(store.pairs.of(known), pairs).known.length > 0) {
    const imported = await importPreferences(store, known, { text, file, replace: true, path })
    const changed = message('fileChanged', { path: file, run: known.run, round: known.round })
    return { round: known, told: [changed, ...imported.told] }
  }
  refuseEmpty(freshAnswers(pairs, file))
  store.transaction(() => {
    store.pairs.replace(own, pairs.map(asNewPair))
    store.pairs.setKnownFile(path, digestOf(text), own)
  })
  const taken = message('fileTaken', { path: file, count: pairs.length, run: own.run })
  return { round: own, told: [taken, ...told, ...doubts(pairs, file)] }
}

/** Whether the pairs of a round that were not dropped are those of a file. */
function hasJust(store: Store, round: RoundKey, lines: readonly FilePair[]): boolean {
  const { known, fresh, missing } = matchPairs(store.pairs.of(round), lines)
  return fresh.length === 0 && known.every(({ pair }) => pair.keep) && !missing.some(({ keep }) => keep)
}

/** The pairs of a text, and a message for the lines that are none. */
async function filePairs(text: string, file: string): Promise<Pick<FilePairs, 'pairs'> & { told: Message[] }> {
  const { pairs, alike } = await parsePreferences(text, file)
  const told =
    alike.length === 0 ? [] : [message('pairsAlike', { file, count: alike.length, lines: shortLines(alike) })]
  if (pairs.length === 0) throw new UserError([...told, message('fileWithoutPairs', { file })])
  return { pairs, told }
}

/** Whether a file has the pairs of a round with all their corrections. */
function isUpToDate(store: Store, known: KnownFile | undefined, { run, round }: RoundKey): boolean {
  return known?.run === run && known.round === round && known.edit === store.pairs.lastEdit({ run, round })
}

/** Whether a file is as the lab wrote it, so that overwriting it loses nothing. */
function isOurs(store: Store, { text, known, isUnchanged }: PreferenceFile): boolean {
  if (known === undefined || !isUnchanged) return false
  return (
    known.edit === null || text === preferenceText(store.pairs.keptAt(known, known.edit), promptOfRun(store, known.run))
  )
}

/** An unused path beside a file. */
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
