/** One command at a time works with a store: two would write the same adapters. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { UserError } from '../messages/error.ts'

/** The locks that this process holds. The collector would close, and so give back, one that nothing refers to. */
const held = new Set<DatabaseSync>()

/**
 * Takes the lock beside a store and returns what gives it back. It is SQLite's own file lock, so the system frees it
 * when the process dies, however it dies. Throws UserError when another process holds it.
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

/** Whether a command is at work with a store, here or in another process. */
export function isLocked(path: string): boolean {
  try {
    lockStore(path)()
    return false
  } catch (error) {
    if (error instanceof UserError) return true
    throw error
  }
}
