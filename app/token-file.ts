/** A token that stays the same at every launch, in a file of the user's. */
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { shownPath } from '../main/files/paths.ts'
import { UserError } from '../main/messages/error.ts'
import { newToken } from '../main/rpc/guard.ts'

/** The least characters of a token, and the most bytes of its file. */
const LEAST = 32
const LIMIT = 4096

export interface FixedToken {
  readonly token: string
  /** Whether the file was made just now, with a new token. */
  readonly made: boolean
  /** The permissions of the file, such as '644', where others than its owner can read or write it; else null. */
  readonly open: string | null
}

/**
 * The token in a file. Where there is no file, makes one with a new token, which only its owner can read. Throws UserError where the
 * file holds anything but one token.
 */
export function fixedToken(path: string): FixedToken {
  const made = makeFile(path)
  const file = openSync(path, 'r')
  try {
    const status = fstatSync(file)
    const text = status.isFile() && status.size <= LIMIT ? readFileSync(file, 'utf8').trim() : ''
    // Other characters would have to be written differently in the address and in the cookie.
    if (!/^[\w.~-]+$/.test(text) || text.length < LEAST) {
      throw new UserError('tokenFileWrong', { path: shownPath(path), least: LEAST })
    }
    const others = process.platform === 'win32' ? 0 : status.mode & 0o077
    return { token: text, made, open: others === 0 ? null : (status.mode & 0o777).toString(8) }
  } finally {
    closeSync(file)
  }
}

/** Makes the file; returns false where there is one. */
function makeFile(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${newToken()}\n`, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new UserError('tokenFileNotWritten', { path: shownPath(path), why: (error as Error).message })
  }
}
