/** Says why Chromium cannot start or did not start: from the limits of the system, from how it ended and what it printed. */
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { EnvironmentFault } from './fault.ts'
import type { Ended } from './process.ts'

/** With fewer open files than this it cannot start. It does not always say so. */
const LEAST_FILES = 160
/** With a lower limit on the size of files, in bytes, it is killed, or starts and shows no page. */
const LEAST_FILE_SIZE = 1_000_000

/** The UserError for a limit with which Chromium would start in vain. */
export function hindrance(path: string, size: number = limitOf('file size')): UserError | undefined {
  return size < LEAST_FILE_SIZE ? new UserError('browserFileSize', { path, limit: size }) : undefined
}

/** The UserError for a Chromium that has ended, or was ended because of `error`, before it answered. */
export function launchFailure(path: string, error: unknown, ended: Ended): UserError {
  const last = ended.said.split('\n').findLast((line) => line.includes(':FATAL:')) ?? ''
  const reason = /:FATAL:\S+ (.+)/.exec(last)?.[1]
  const line = ended.said.trim().split('\n').at(-1) ?? ''
  // Where Chromium itself runs, its last line is of no use.
  const how = ended.how.startsWith('exit') && line !== '' ? `${ended.how}: ${line.slice(0, 200)}` : ended.how
  const told = error instanceof EnvironmentFault ? error.fault : message('browserEnded', { how })
  const why = reason === undefined ? told : message('verbatim', { text: reason.slice(0, 200) })
  if (ended.killed && !(error instanceof EnvironmentFault)) return new UserError('browserKilled', { path })
  return knownCause(path, ended) ?? new UserError('browserDidNotStart', { path, why })
}

/** The UserError for an end of Chromium whose cause the user can mend; undefined for any other. */
export function knownCause(
  path: string,
  { how, said, killed }: Ended,
  files: number = limitOf('open files'),
): UserError | undefined {
  const text = `${how}\n${said}`
  if ((!killed && files < LEAST_FILES) || /too many open files|\b(EMFILE|ENFILE)\b/i.test(text)) {
    return new UserError('browserOpenFiles', { path, limit: files })
  }
  if (/no usable sandbox|SUID sandbox helper|move to new namespace/i.test(text)) {
    return new UserError('browserSandbox', { path })
  }
  if (/pthread_create|resource temporarily unavailable|\bEAGAIN\b/i.test(text)) {
    return new UserError('browserProcesses', { path })
  }
  if (/cannot allocate memory|out of memory|\bENOMEM\b/i.test(text)) return new UserError('browserMemory', { path })
  if (/no space left on device|\bENOSPC\b/i.test(text)) {
    return new UserError('temporaryFolderFull', { folder: tmpdir() })
  }
  const library = /error while loading shared libraries: ([^:\s]+)/.exec(text)?.[1]
  return library === undefined ? undefined : new UserError('browserLibrary', { path, library })
}

/** The limit of this process on `what`; infinite where there is none, or the system does not tell. */
function limitOf(what: 'open files' | 'file size'): number {
  try {
    const limit = new RegExp(`^Max ${what}\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
