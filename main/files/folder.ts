/**
 * Replaces files of a folder as a set, and leaves everything else in the folder alone.
 *
 * The new files are written to a folder within it, `.dpo-driver-<process>.tmp`. That is renamed to `.ready` when they are
 * complete, and emptied into its parent. Readers first call `settleFolder`, which completes what a kill has interrupted.
 * So they find all old files or all new ones. A program that does not call it finds, for the moment between two renames
 * or after a kill just there, a set without its configuration, but never one with parts of both.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../messages/error.ts'
import { makeFolder, syncFolder, unwritable } from './file.ts'
import { realPath } from './paths.ts'
import { finished, leftIn, removeUnfinished, unfinished, writtenIn } from './unfinished.ts'

/** Milliseconds that a reader waits while another process moves files into place, and between two looks. */
const PATIENCE = { most: 2000, look: 5 }
/** Files up to this size are compared with the old ones, and stay where they are the same. */
const SMALL = 1 << 20

/**
 * Replaces those files of a folder that `write` writes; the folder is made where it is missing. `write` gets an empty
 * folder and fills it with files; it must leave them synced, as writeFileAtomic does. If it throws, nothing is replaced.
 * Throws UserError where the disk refuses.
 */
export async function replaceFiles(path: string, write: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = realPath(path)
  const next = unfinished(folder, '')
  const isNew = !existsSync(folder)
  try {
    makeFolder(folder)
    settleFolder(folder)
    mkdirSync(next)
    await write(next)
    moveIn(next, folder)
  } catch (error) {
    rmSync(next, { recursive: true, force: true })
    if (isNew) removeEmpty(folder)
    throw unwritable(path, error)
  } finally {
    finished(next)
  }
}

/**
 * Makes a folder that is there whole or not at all. `write` fills one beside it, which then gets its name. An empty folder
 * may be in its place. Throws UserError where the disk refuses.
 */
export async function makeWholeFolder(path: string, write: (folder: string) => Promise<void>): Promise<void> {
  const folder = realPath(path)
  const next = unfinished(dirname(folder), basename(folder))
  try {
    makeFolder(dirname(folder))
    removeUnfinished(dirname(folder))
    mkdirSync(next)
    await write(next)
    syncFolder(next)
    removeEmpty(folder)
    renameSync(next, folder)
    syncFolder(dirname(folder))
  } catch (error) {
    rmSync(next, { recursive: true, force: true })
    throw unwritable(path, error)
  } finally {
    finished(next)
  }
}

/**
 * Completes a `replaceFiles` that a kill has interrupted. Afterwards the old or the new files are in the folder. Does
 * nothing where the folder cannot be written.
 */
export function settleFolder(path: string): void {
  const folder = realPath(path)
  for (let waited = 0; writtenIn(folder, 'ready').length > 0 && waited < PATIENCE.most; waited += PATIENCE.look) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE.look)
  }
  for (const left of leftIn(folder, 'ready')) {
    try {
      moveIn(left, folder)
    } catch {
      // Another process completes it, or the disk is read-only.
    }
  }
  removeUnfinished(folder)
}

/** Moves complete files from a folder within `folder` into it. Only one process can begin with this, by a rename. */
function moveIn(from: string, folder: string): void {
  const names = readdirSync(from).filter((name) => !isSame(join(from, name), join(folder, name)))
  const taken = names.find((name) => isFolder(join(folder, name)))
  if (taken !== undefined) throw new UserError('fileInTheWay', { path: join(folder, taken) })
  syncFolder(from)
  const ready = unfinished(folder, '', 'ready')
  try {
    renameSync(from, ready)
    syncFolder(folder)
    // A folder is read by its configuration. So that goes first and comes last.
    const [configurations, others] = [true, false].map((is) =>
      names.filter((name) => name.endsWith('config.json') === is),
    )
    if (names.length > 1) for (const name of configurations!) rmSync(join(folder, name), { force: true })
    for (const name of [...others!, ...configurations!]) renameSync(join(ready, name), join(folder, name))
    syncFolder(folder)
    rmSync(ready, { recursive: true })
  } finally {
    finished(ready)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Whether two files have the same content; false for large ones, which are not compared. */
function isSame(path: string, other: string): boolean {
  const [size, there] = [path, other].map((one) => statSync(one, { throwIfNoEntry: false }))
  if (size === undefined || !there?.isFile() || size.size !== there.size || size.size > SMALL) return false
  return readFileSync(path).equals(readFileSync(other))
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It has something in it, or was never made.
  }
}
