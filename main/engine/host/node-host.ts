/** A host that is a Node process. It works where there is no browser, and where the lab is no Electron app. */
import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../messages/error.ts'
import type { Host } from './host.ts'
import { pipePort } from './pipe-port.ts'

const PROGRAM = fileURLToPath(new URL('./node-program.ts', import.meta.url))
/** What it prints last is kept for the reason why it ended, in letters. */
const KEPT = 4096
/** Milliseconds for what it has printed to arrive after its exit. */
const ECHO = 50

export interface NodeHostOptions {
  /** The file of its program. */
  readonly program?: string
  /** For its environment. */
  readonly variables?: NodeJS.ProcessEnv
}

/** Starts the process. It ends with this one, even when this one is killed. */
export function startNodeHost({ program = PROGRAM, variables = {} }: NodeHostOptions = {}): Host {
  const child = spawn(process.execPath, ['--no-warnings', program], {
    env: { ...process.env, ...variables },
    // A process group of its own: Ctrl-C in the terminal asks the lab to end, which still needs its host for that.
    detached: true,
    windowsHide: true,
    // Libraries of the system print what they like.
    // Windows reads and writes pipes of its own kind at the same time; elsewhere these are pipes like the others.
    stdio: ['ignore', 'pipe', 'pipe', 'overlapped', 'overlapped'],
  })
  const [, printed, errors, output, input] = child.stdio as unknown as [null, Readable, Readable, Writable, Readable]
  const streams = [printed, errors, output, input]
  for (const stream of streams) stream.on('error', () => {})
  let said = ''
  for (const stream of [printed, errors]) {
    stream.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-KEPT)
    })
  }
  const gone = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`))
  })
  // A process that closes its pipe, or sends what is no packet, is of no more use.
  input.once('close', () => child.kill('SIGKILL'))
  return {
    port: pipePort(input, output),
    failed: gone.then(async (how) => {
      await setTimeout(ECHO)
      return new UserError('hostEnded', { how: `${how}${lastLine(said)}` })
    }),
    async end() {
      child.kill('SIGKILL')
      await gone
      for (const stream of streams) stream.destroy()
    },
  }
}

/** The line of what it printed that says why it ended. */
function lastLine(said: string): string {
  const lines = said.trim().split('\n')
  const line = lines.findLast((one) => /error/i.test(one)) ?? lines.at(-1) ?? ''
  return line === '' ? '' : `: ${line.slice(0, 200)}`
}
