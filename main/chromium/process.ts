/**
 * Chromium as a process group of this machine. It speaks the DevTools protocol over a pipe, so it ends with this
 * process, even when that is killed, and no other process can connect to it.
 */
import { spawn, spawnSync } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { ConnectionTransport } from 'puppeteer-core'
import { within } from './fault.ts'
import { makeProfile } from './profile.ts'

/** How a Chromium has ended. */
export interface Ended {
  /** Its exit code or signal, or why the system could not start it. */
  readonly how: string
  /** The end of what it printed. */
  readonly said: string
  /** Whether it was killed: by the system, by another process, or because it did not answer. */
  readonly killed: boolean
}

export interface Chromium {
  readonly transport: ConnectionTransport
  /** The folder of its profile, for other files that end with it. */
  readonly folder: string
  /** Why it has ended. */
  readonly ended: Promise<Ended>
  /** Ends all its processes, removes its files, and returns how it has ended. Never throws. */
  end(): Promise<Ended>
}

/** What it prints last is kept for the reason why it ended, in letters. */
const KEPT = 16_384
/** Milliseconds for what it has printed to arrive after its exit. */
const ECHO = 50
/** Milliseconds in which a Chromium that has closed its pipe ends by itself. */
const GRACE = 200
/** A process that even a kill does not end. */
const STUCK: Ended = { how: 'SIGKILL', said: '', killed: true }
/** Even a killed process may stay, when it waits for a broken disk. */
const END_LIMIT = 5_000
/** What ends with this process. */
const running = new Set<() => void>()

/**
 * Starts Chromium with a profile of its own. `argsFor` makes its arguments; they must contain --remote-debugging-pipe.
 * @throws UserError where there is no room for the profile, or where the system cannot start it.
 */
export async function startChromium(
  executable: string,
  argsFor: (profile: string) => string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<Chromium> {
  const profile = await makeProfile()
  const child = spawn(executable, argsFor(`${profile.folder}/data`), {
    // A process group of its own, so that all its processes can be ended.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...variables, TMPDIR: profile.folder },
  })
  // Without a free file, there are no streams.
  const [, , errors, input, output] = (child.stdio ?? []) as unknown as [null, null, Readable?, Writable?, Readable?]
  const streams = [errors, input, output].filter((stream) => stream !== undefined)
  // A pipe may break at any time, also when nobody listens to it any more.
  for (const stream of streams) stream.on('error', () => {})
  let said = ''
  errors?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-KEPT)
  })
  const kill = () => {
    try {
      if (child.pid === undefined) return
      // Windows has no process groups; its own program ends a process with all that it started.
      if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f'])
      else process.kill(-child.pid, 'SIGKILL')
    } catch {
      // All have ended.
    }
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', ({ message }) => resolve({ how: message, said, killed: false }))
    child.once('exit', (code, signal) => {
      // Others of its processes may be stopped, and hold the pipes.
      kill()
      const how = signal === null ? `exit ${code}` : signal
      setTimeout(ECHO).then(() => resolve({ how, said, killed: signal === 'SIGKILL' || signal === 'SIGTERM' }))
    })
  })
  const leave = () => {
    kill()
    profile.removeNow()
  }
  if (running.size === 0) process.once('exit', leaveAll)
  running.add(leave)
  if (child.pid !== undefined) profile.owned(child.pid)
  return {
    transport: new Pipe(input, output),
    folder: profile.folder,
    ended,
    async end() {
      // Where it is about to end by itself, its own reason is worth more.
      const own = await Promise.race([ended, setTimeout(GRACE)])
      kill()
      const how = own ?? (await within(END_LIMIT, 'closeBrowser', ended).catch(() => STUCK))
      running.delete(leave)
      if (running.size === 0) process.off('exit', leaveAll)
      for (const stream of streams) stream.destroy()
      child.unref()
      await profile.remove()
      return how
    },
  }
}

function leaveAll(): void {
  for (const leave of running) leave()
}

/** Messages in JSON, each with a zero byte at its end. */
class Pipe implements ConnectionTransport {
  onmessage?: (message: string) => void
  onclose?: () => void
  readonly #input: Writable | undefined

  constructor(input: Writable | undefined, output: Readable | undefined) {
    this.#input = input
    let pieces: Buffer[] = []
    output?.on('data', (bytes: Buffer) => {
      let start = 0
      for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
        const message = Buffer.concat([...pieces, bytes.subarray(start, end)]).toString()
        pieces = []
        start = end + 1
        // A turn of its own for each, as puppeteer's transports have it.
        setImmediate(() => this.onmessage?.(message))
      }
      if (start < bytes.length) pieces.push(bytes.subarray(start))
    })
    output?.once('close', () => setImmediate(() => this.onclose?.()))
  }

  send(message: string): void {
    this.#input?.write(`${message}\0`)
  }

  close(): void {
    this.#input?.end()
  }
}
