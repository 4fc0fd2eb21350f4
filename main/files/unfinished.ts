/**
 * The names of files and folders that are still being written. Each holds the process that writes it, so that what a kill
 * has left can be told from the work of a living process.
 */
import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from './names.ts'

/** Letters of the target's name that a temporary name keeps: file systems limit names to 255 bytes. */
const KEPT = 60
const NAME = /\.dpo-driver-(\d+)-(\d+)-(\d+)\.(tmp|ready)$/

/** What this process is writing. */
const own = new Set<string>()

/** Whether a file or folder of this name is unfinished work of the lab. */
export function isUnfinished(name: string): boolean {
  return NAME.test(name)
}

/** 'tmp': may be incomplete. 'ready': complete, and to be moved into place. */
export type Kind = 'tmp' | 'ready'

/**
 * The path in a folder for what is to become `name`, which may be empty. Call `finished` when nothing is there any more.
 */
export function unfinished(folder: string, name: string, kind: Kind = 'tmp'): string {
  const path = join(folder, `${name.slice(0, KEPT)}.${SIGNATURE}.${kind}`)
  own.add(path)
  return path
}

/** Says that this process no longer writes there. */
export function finished(path: string): void {
  own.delete(path)
}

/** The unfinished files and folders in a folder that processes which have ended left there. */
export function leftIn(folder: string, kind: Kind): string[] {
  return namesIn(folder)
    .filter((name) => NAME.exec(name)?.[4] === kind)
    .map((name) => join(folder, name))
    .filter((path) => !isWritten(path))
}

/** Those that living processes, this one among them, are writing. */
export function writtenIn(folder: string, kind: Kind): string[] {
  return namesIn(folder)
    .filter((name) => NAME.exec(name)?.[4] === kind)
    .map((name) => join(folder, name))
    .filter(isWritten)
}

/** Whether a lock, a link that names the process which holds it (OWN), was left by a process that has ended. */
export function isLeftLock(path: string): boolean {
  try {
    const owner = readlinkSync(path)
    return /^\d+-\d+-\d+$/.test(owner) && !isAlive(owner)
  } catch {
    // It was released meanwhile, or is no link.
    return false
  }
}

/** Removes from a folder what writers that were killed left unfinished, and their locks. Whatever cannot be removed stays. */
export function removeUnfinished(folder: string): void {
  const locks = namesIn(folder)
    .filter((name) => name.endsWith('.lock'))
    .map((name) => join(folder, name))
  for (const path of [...leftIn(folder, 'tmp'), ...locks.filter(isLeftLock)]) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // The disk may be read-only. The next writer tries again.
    }
  }
}

/** Whether a living process is writing a path with such a name. */
function isWritten(path: string): boolean {
  const [, pid, start, room] = NAME.exec(path) ?? []
  if (pid === undefined) return false
  const owner = `${pid}-${start}-${room}`
  return owner === OWN ? own.has(path) : isAlive(owner)
}

/** Whether the process that signed as `owner` (OWN) has not ended. */
export function isAlive(owner: string): boolean {
  const [pid = '', start = '0', room] = owner.split('-')
  // Processes of another container cannot be seen from here.
  if (room !== ROOM) return true
  return isRunning(Number(pid)) && (start === '0' || startOf(pid) === start)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When a process started, in clock ticks since the system did; '0' where the system does not say. With it, a process that
 * got the number of an ended one is not taken for that one.
 */
function startOf(pid: string | number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program is in brackets and may hold anything. The start is the 20th field after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return '0'
  }
}

/** The number of the group of processes that see each other; '0' where the system has only one. */
function roomOf(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

const ROOM = roomOf()
/** The signature of this process: its number, its start, and the group of processes that see each other. */
export const OWN = `${process.pid}-${startOf(process.pid)}-${ROOM}`
const SIGNATURE = `dpo-driver-${OWN}`
