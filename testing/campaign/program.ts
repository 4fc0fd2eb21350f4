/** Runs the lab's command line in a place, as the leader of a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { projectPath } from '../../main/files/paths.ts'
import { ORDERS, type Orders } from './orders.ts'
import type { Place } from './place.ts'

/** How a program ended. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly seconds: number
}

export interface Program {
  /** Its process, which is also the number of its group. */
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Resolves when the program arrives at the call of a 'tell' order. */
  readonly told: Promise<void>
  /** Resolves with the first line on stdout that matches; rejects when the program ends without one. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** Sends a signal to the whole group; nothing happens where it has ended. */
  signal(name: NodeJS.Signals): void
}

export interface ProgramOptions {
  readonly orders?: Orders
  readonly env?: Readonly<Record<string, string>>
  /** A program that starts the lab, such as `prlimit`, with its arguments. */
  readonly through?: readonly string[]
}

const PRELOAD = pathToFileURL(projectPath('testing/campaign/preload.ts')).href

/** The groups of the programs at work. They outlive this process, because each has its own. */
const groups = new Set<number>()

/** Kills every program that this process has started. */
export function killPrograms(): void {
  for (const group of groups) signalGroup(group, 'SIGKILL')
}

/** Starts `dpo-driver ARGS` in a place. */
export function startProgram(place: Place, args: readonly string[], options: ProgramOptions = {}): Program {
  const { orders, env, through = [] } = options
  const preload = orders === undefined ? [] : ['--import', PRELOAD]
  const [command = '', ...rest] = [...through, process.execPath, ...preload, projectPath('app/cli.ts'), ...args]
  const began = performance.now()
  const child = spawn(command, rest, {
    cwd: place.home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DPO_DRIVER_HOME: place.home,
      TMPDIR: place.temp,
      ...(orders === undefined ? {} : { [ORDERS]: JSON.stringify(orders) }),
      ...env,
    },
  })
  const pid = child.pid ?? 0
  groups.add(pid)
  const text = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text.out += more
  })
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text.err += more
  })
  const ended = endOf(child).then((code) => {
    groups.delete(pid)
    return { code, ...text, seconds: (performance.now() - began) / 1000 }
  })
  const third = child.stdio[3] as Readable
  const told = new Promise<void>((resolve) => third.once('data', () => resolve()))
  // A killed program's pipes end with an error on some systems; its end is told by `ended`.
  third.on('error', () => {})
  return {
    pid,
    ended,
    told,
    line: (pattern) => lineOf(child, () => text.out, pattern, ended),
    signal: (name) => signalGroup(pid, name),
  }
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
}

function lineOf(child: ChildProcess, out: () => string, pattern: RegExp, ended: Promise<Ended>) {
  return new Promise<RegExpExecArray>((resolve, reject) => {
    const look = () => {
      const found = pattern.exec(out())
      if (found === null) return
      child.stdout?.off('data', look)
      resolve(found)
    }
    child.stdout?.on('data', look)
    look()
    ended.then(({ code, err }) => reject(new Error(`ended with ${code} before ${pattern}: ${err}`)), reject)
  })
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  // Group 0 would be the campaign's own.
  if (pid === 0) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A process of a place, and its command line. */
export interface Process {
  readonly pid: number
  readonly command: string
}

/** All processes of a place: those whose command line or environment names its folder. Zombies are not counted. */
export function processesOf({ folder }: Place): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${name}/${file}`, 'utf8')
        if (/^\d+ \(.*\) Z/s.test(read('stat'))) return []
        const command = read('cmdline')
        if (!`${command}${read('environ')}`.includes(folder)) return []
        return [{ pid: Number(name), command: command.replaceAll('\0', ' ') }]
      } catch {
        // It ended meanwhile, or belongs to another user.
        return []
      }
    })
}

/** Waits until all processes of a place have ended, and returns those that have not after some seconds, their command lines cut to be shown. */
export async function processesLeft(place: Place, seconds = 10): Promise<Process[]> {
  const until = performance.now() + 1000 * seconds
  for (;;) {
    const left = processesOf(place)
    if (left.length === 0 || performance.now() > until) {
      return left.map(({ pid, command }) => ({ pid, command: command.slice(0, 200) }))
    }
    await pause(50)
  }
}

/** Kills what is left of a place's processes. */
export function killProcesses(place: Place): void {
  for (const { pid } of processesOf(place)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
}
