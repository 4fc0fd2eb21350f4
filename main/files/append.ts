/** Changes a file that also belongs to the user: lines are added, or a change that somebody asked for is made; all else stays, byte for byte. */
import { existsSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../messages/error.ts'
import { makeFolder, unwritable, writeFileAtomic } from './file.ts'
import { isLeftLock, OWN } from './unfinished.ts'

/** Milliseconds to wait for another process that adds lines to the same file, and between two looks. */
const PATIENCE = 10_000
const PAUSE = 20

/**
 * Adds lines to the end of a file, completely or not at all, or makes the file. `linesFor` gets its content and returns
 * the new lines without their ends; they get the line ends that the file has. One process at a time does this. Returns
 * how many lines were added. Throws UserError where the file may not be changed.
 */
export function appendLines(path: string, linesFor: (content: Buffer) => readonly string[]): number {
  if (isReadOnly(path)) throw new UserError('fileReadOnly', { path })
  makeFolderOf(path)
  const unlock = lockFile(path)
  try {
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
    const lines = linesFor(content)
    if (lines.length === 0) return 0
    const end = content.includes('\r\n') ? '\r\n' : '\n'
    const isOpen = content.length > 0 && content.at(-1) !== LINE_FEED
    const added = lines.map((line) => line + end).join('')
    writeFileAtomic(path, [content, Buffer.from(isOpen ? end + added : added)])
    return lines.length
  } finally {
    unlock()
  }
}

/**
 * Puts the whole of a file's new content in the place of `before`, while no other process changes the file. Returns false
 * and changes nothing where the file has another content by now. Throws UserError where the file may not be changed.
 */
export function replaceContent(path: string, before: Buffer, after: string): boolean {
  if (isReadOnly(path)) throw new UserError('fileReadOnly', { path })
  const unlock = lockFile(path)
  try {
    if (!existsSync(path) || !readFileSync(path).equals(before)) return false
    writeFileAtomic(path, after)
    return true
  } finally {
    unlock()
  }
}

/** Whether a file is marked as read-only, even where this user could write to it. */
export function isReadOnly(path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  return there !== undefined && (there.mode & WRITABLE) === 0
}

function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path))
  } catch (error) {
    throw unwritable(path, error)
  }
}

const LINE_FEED = 0x0a
const WRITABLE = 0o222

/** Takes the lock beside a file, a link that names the process, and returns a function that releases it. */
function lockFile(path: string): () => void {
  const lock = `${existsSync(path) ? realpathSync(path) : path}.lock`
  const started = performance.now()
  for (;;) {
    try {
      symlinkSync(OWN, lock)
      return () => rmSync(lock, { force: true })
    } catch (error) {
      // Some file systems have no links. There nobody else is kept out.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return () => {}
    }
    if (isLeftLock(lock)) rmSync(lock, { force: true })
    else if (performance.now() - started > PATIENCE) throw new UserError('fileHeld', { path, lock })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE)
  }
}
