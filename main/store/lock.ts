/** Lets one command at a time use a store: two would write the same adapters. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { UserError } from '../messages/error.ts'

/** The locks of this process. Without a reference, the garbage collector would close a lock and so release it. */
const held = new Set<DatabaseSync>()

/**
 * Takes the lock beside a store, and returns a function that releases it. It is SQLite's own file lock, so the system
 * releases it when the process ends in any way. Throws UserError where another process has it.
 */
export function lockStore(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(`${path}-lock`)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch {
    database.close()
    throw new UserError('storeAtWork', { path })
  }
  held.add(database)
  return () => {
    held.delete(database)
    database.close()
  }
}

/** Whether a command is using a store, in this process or in another. */
export function isLocked(path: string): boolean {
  try {
    lockStore(path)()
    return false
  } catch (error) {
    if (error instanceof UserError) return true
    throw error
  }
}
