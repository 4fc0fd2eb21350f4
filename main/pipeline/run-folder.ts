/**
 * The folder of a run: who has it, and what in it is the lab's. Several stores may share a folder of reports, so a run
 * marks its own folder, and locks it while it is at work.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { z } from 'zod'
import type { Config } from '../config/schema.ts'
import { ADAPTER_FILES } from '../engine/adapter/adapter.ts'
import { REPORT_FILES } from '../evaluation/report.ts'
import { makeFolder, unwritable, writeFileAtomic } from '../files/file.ts'
import { namesIn } from '../files/names.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { isUnfinished, removeUnfinished } from '../files/unfinished.ts'
import { UserError } from '../messages/error.ts'
import { isLocked, lockPlace, removeLeftLock } from '../store/lock.ts'
import type { RunRecord, RunSummary } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import { artifactsIn } from './artifacts.ts'

/** Says whose folder it is. */
export const MARK = 'run.json'

const markSchema = z.object({
  run: z.int(),
  /** Milliseconds since 1970. */
  started: z.number(),
  /** The run's store, from the folder. So both can be moved together. */
  store: z.string(),
})

/** A run's folder is its own until this is called. */
export type Leave = () => void

/**
 * A number for a new run, greater than those of all runs in the store and of all folders of reports: after the store was
 * deleted, a new run must not find the files of an old one. The folder for it is locked.
 */
export function newNumber(store: Store, config: Config): { readonly id: number; readonly leave: Leave } {
  const reports = projectPath(config.paths.reports)
  for (let id = 1 + Math.max(store.runs.highest(), lastNumber(reports)); ; id++) {
    const { folder } = artifactsIn(config.paths.reports, { id, name: config.project.name })
    const leave = lockPlace(folder, 'write', 0)
    if (leave === null) continue
    if (!holdsMoreThanMark(folder)) return { id, leave }
    leave()
  }
}

/**
 * Removes what killed runs left in the folder of reports: locks, and folders of this store's runs that hold nothing. Call it
 * only with the store's lock.
 */
export function tidyReports(store: Store, { paths }: Config): void {
  const reports = projectPath(paths.reports)
  for (const name of namesIn(reports)) {
    const path = join(reports, name)
    if (name.endsWith('-lock')) removeLeftLock(path.slice(0, -'-lock'.length))
    const mark = readMark(path)
    if (mark === null) removeUnmarked(path)
    if (mark === null || resolve(path, mark.store) !== store.path || holdsMoreThanMark(path)) continue
    try {
      removeFolder(path)
    } catch {
      // Who writes there says what is wrong.
    }
  }
}

/** Removes a folder that a kill left before it had its mark. It holds nothing but the unfinished mark. */
function removeUnmarked(folder: string): void {
  try {
    const names = readdirSync(folder)
    if (names.length === 0 || !names.every(isUnfinished)) return
    removeUnfinished(folder)
    rmdirSync(folder)
  } catch {
    // It is a file, or the work of a living process.
  }
}

/**
 * Locks the folder of a run that goes on. Throws UserError where another run has it.
 */
export function lockFolder(folder: string): Leave {
  const leave = lockPlace(folder, 'write')
  if (leave === null) throw new UserError('runFolderAtWork', { path: shownPath(folder) })
  return leave
}

/**
 * Makes the folder of a run and marks it. Returns a function that removes it again if it holds nothing else. Throws
 * UserError where it has another run's mark, and where it cannot be written.
 */
export function claimFolder(store: Store, run: Pick<RunSummary, 'id' | 'name' | 'started' | 'reports'>): Leave {
  const { folder } = artifactsIn(run.reports, run)
  const mark = { run: run.id, started: run.started, store: relative(folder, store.path) }
  if (!isFolderOf(store, run, folder)) throw new UserError('runFolderTaken', { path: shownPath(folder) })
  try {
    makeFolder(folder)
    for (const place of [folder, ...inside(folder)]) removeUnfinished(place)
    if (readMark(folder) === null) writeFileAtomic(join(folder, MARK), `${JSON.stringify(mark)}\n`)
  } catch (error) {
    removeEmpty(folder)
    throw unwritable(folder, error)
  }
  return () => {
    try {
      if (!holdsMoreThanMark(folder)) removeFolder(folder)
    } catch {
      // The next run of this number removes it.
    }
  }
}

/** Removes a folder that could not be marked, so that the next run gets its number. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It has other files.
  }
}

/** Whether a run is at work, in any process. */
export function isAtWork(run: RunSummary): boolean {
  return run.status === 'running' && isLocked(artifactsIn(run.reports, run).folder)
}

/** Whether a folder is not marked as that of another run, or as that of another store. */
export function isFolderOf(store: Store, { id, started }: Pick<RunRecord, 'id' | 'started'>, folder: string): boolean {
  const mark = readMark(folder)
  if (mark === null) return true
  const other = resolve(folder, mark.store)
  return mark.run === id && mark.started === started && (other === store.path || !existsSync(other))
}

/** The folder of the run that a path lies in; null where it lies in none. */
export function runFolderOf(path: string): string | null {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (readMark(folder) !== null) return folder
  }
  return null
}

/** Removes from the folder of a run what the lab wrote, and the folder if nothing else is in it. */
export function removeFolder(folder: string): void {
  if (!existsSync(folder)) return
  for (const place of inside(folder))
    removeFiles(place, basename(place).startsWith('round-') ? OLD_FILES : ADAPTER_FILES)
  removeFiles(folder, [...REPORT_FILES, MARK])
}

/** Earlier versions kept a run's pairs in its folder. */
const OLD_FILES = ['preferences.jsonl']

/** The folders that the lab makes in the folder of a run, the inner ones first. */
function inside(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    if (name.endsWith('_adapter')) return [join(folder, name)]
    return /^round-\d+$/.test(name) ? [...inside(join(folder, name)), join(folder, name)] : []
  })
}

/** Removes these files, and the folder if it is then empty; of a link to a folder, the link. */
function removeFiles(folder: string, names: readonly string[]): void {
  try {
    removeUnfinished(folder)
    for (const name of names) rmSync(join(folder, name), { force: true })
    if (namesIn(folder).length > 0) return
    if (lstatSync(folder).isSymbolicLink()) rmSync(folder)
    else rmdirSync(folder)
  } catch (error) {
    throw unwritable(folder, error)
  }
}

function lastNumber(reports: string): number {
  const numbers = namesIn(reports).map((name) => Number(/-(\d+)$/.exec(name)?.[1] ?? 0))
  return numbers.reduce((highest, number) => Math.max(highest, number), 0)
}

function holdsMoreThanMark(folder: string): boolean {
  return namesIn(folder).some((name) => name !== MARK)
}

function readMark(folder: string): z.output<typeof markSchema> | null {
  try {
    return markSchema.parse(JSON.parse(readFileSync(join(folder, MARK), 'utf8')))
  } catch {
    return null
  }
}
