/**
 * Locks on places: the store, and the files and folders that runs read and write. A lock is SQLite's own file lock on an
 * empty file beside the place, so the system releases it when its process ends in any way.
 */
import { closeSync, lstatSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder, unwritable } from '../files/file.ts'
import { realPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'

/** Many may read a place at a time; who writes is alone. */
export type Use = 'read' | 'write'

/** The locks of this process. Without a reference, the garbage collector would close a lock and so release it. */
const held = new Set<DatabaseSync>()

/** Milliseconds for which the lock is tried. Others may hold it for an instant, to see whether it is free. */
const PATIENCE = 500

/**
 * Takes the lock of a store, and returns a function that releases it. Throws UserError where another command has it, and
 * where the disk refuses.
 */
export function lockStore(path: string): () => void {
  try {
    const release = lock(path, 'write')
    if (release !== null) return release
  } catch (error) {
    throw isSqlite(error) ? new UserError('storeNotWritable', { path }) : unwritable(path, error)
  }
  throw new UserError('storeAtWork', { path })
}

/** Whether a command is using a store, in this process or in another. */
export function isLocked(path: string): boolean {
  try {
    // Only looks, and keeps nobody from taking the lock.
    const release = statSync(lockFile(path), { throwIfNoEntry: false }) === undefined ? () => {} : lock(path, 'read', 0)
    release?.()
    return release === null
  } catch {
    return false
  }
}

/**
 * Takes the lock of a file or folder, for `patience` milliseconds at most. Returns a function that releases it; null where
 * another command has it. A place whose folder takes no lock file is not locked: nobody can write there.
 */
export function lockPlace(path: string, use: Use, patience = PATIENCE): (() => void) | null {
  try {
    return lock(path, use, patience)
  } catch {
    return () => {}
  }
}

/**
 * Removes the lock file that a killed command left beside a place. Does nothing where a command has the lock, and leaves
 * what is not an empty file: that is somebody else's.
 */
export function removeLeftLock(path: string): void {
  try {
    const left = lstatSync(lockFile(path), { throwIfNoEntry: false })
    if (left?.isFile() && left.size === 0) lock(path, 'write', 0)?.()
  } catch {
    // Who needs the place says what is wrong with it.
  }
}

function lock(path: string, use: Use, patience = PATIENCE): (() => void) | null {
  const file = lockFile(path)
  makeFolder(dirname(file))
  for (let attempt = 0; ; attempt++) {
    const before = inodeOf(file) ?? create(file)
    const database = new DatabaseSync(file, { timeout: patience })
    try {
      // Without a journal file, which a kill could leave.
      database.exec(`PRAGMA journal_mode = MEMORY; ${BEGIN[use]}`)
    } catch (error) {
      database.close()
      const code = codeOf(error)
      if (code === BUSY) return null
      // Somebody has put something else there. Only the lab has a use for this file.
      if (code !== NOT_A_DATABASE || attempt > 0) throw error
      rmSync(file)
      continue
    }
    // The last holder may have removed the file after it was opened here.
    if (attempt < 9 && inodeOf(file) !== before) {
      database.close()
      continue
    }
    held.add(database)
    return () => release(database, file, use)
  }
}

/** Removes the file as well, where nobody else has the lock. */
function release(database: DatabaseSync, file: string, use: Use): void {
  if (!held.delete(database)) return
  try {
    if (use === 'read') database.exec('COMMIT; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
    rmSync(file, { force: true })
  } catch {
    // Others read as well: the last of them removes it.
  }
  database.close()
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino
}

function create(file: string): number | undefined {
  try {
    // Never opens a file that exists: closing it would release this process's lock on it.
    closeSync(openSync(file, 'wx'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return inodeOf(file)
}

function lockFile(path: string): string {
  return `${realPath(resolve(path))}-lock`
}

const BEGIN = { read: 'BEGIN; SELECT 1 FROM sqlite_master', write: 'BEGIN EXCLUSIVE' } as const
/** SQLite's result codes (sqlite.org/rescode.html). */
const BUSY = 5
const NOT_A_DATABASE = 26

function codeOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff
}

function isSqlite(error: unknown): boolean {
  return codeOf(error) !== 0
}
