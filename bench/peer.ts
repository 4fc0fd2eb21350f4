/** The peer, PyTorch in a process of its own, asked over lines of JSON so that its runs take turns with the engine's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

/** Milliseconds; a busy machine may need most of them. */
const ANSWER_TIME_LIMIT = 300_000

const helloSchema = z.object({ name: z.string(), threads: z.int().positive() })

/** What a peer computes in. */
export type PeerPrecision = 'fp32' | 'bf16'

/** The Python that bench/peers.sh installed, or the one that DPO_DRIVER_BENCH_PYTHON names; null where there is none. */
export function peerPython(): string | null {
  const python = process.env.DPO_DRIVER_BENCH_PYTHON ?? join(cacheFolder(), 'dpo-driver-bench/bin/python')
  return existsSync(python) ? python : null
}

/** Starts the peer that bench/peers.sh installed; null where it did not. Throws Error where it does not answer. */
export async function startPeer(precision: PeerPrecision): Promise<Peer | null> {
  const python = peerPython()
  if (python === null) return null
  const child = spawn(python, [join(import.meta.dirname, 'peer_torch.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
  })
  const line = new Line(child)
  const { name, threads } = await line.ask(helloSchema, { do: 'hello', precision })
  return new Peer(line, name, precision, threads)
}

export class Peer {
  readonly name: string
  readonly precision: PeerPrecision
  /** Threads that PyTorch takes by itself: one a core. */
  readonly threads: number
  readonly #line: Line

  constructor(line: Line, name: string, precision: PeerPrecision, threads: number) {
    this.#line = line
    this.name = name
    this.precision = precision
    this.threads = threads
  }

  /** The answer to a request; arrays of numbers of any kind may be in it. */
  ask<T>(schema: z.ZodType<T>, request: { readonly do: string; readonly [argument: string]: unknown }): Promise<T> {
    return this.#line.ask(schema, request)
  }

  async close(): Promise<void> {
    await this.#line.close()
  }
}

/** One request after the other to a process that answers each with one line. */
class Line {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  #complaint = ''

  constructor(child: ChildProcess) {
    this.#child = child
    this.#answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    child.stderr!.on('data', (chunk) => {
      this.#complaint = `${this.#complaint}${chunk}`.slice(-2000)
    })
    // Writing to a process that has ended; the missing answer says it better.
    child.stdin!.on('error', () => {})
    child.on('error', (error) => {
      this.#complaint += error.message
    })
  }

  async ask<T>(schema: z.ZodType<T>, request: unknown): Promise<T> {
    this.#child.stdin!.write(`${JSON.stringify(request, plainArrays)}\n`)
    const timer = setTimeout(() => {
      this.#complaint += `\nit gave no answer within ${ANSWER_TIME_LIMIT / 1000} s`
      this.#child.kill('SIGKILL')
    }, ANSWER_TIME_LIMIT)
    const { value, done } = await this.#answers.next().finally(() => clearTimeout(timer))
    if (done) throw new Error(`The peer stopped: ${this.#complaint.trim().split('\n').at(-1) || 'it gave no answer'}`)
    return schema.parse(JSON.parse(value))
  }

  /** Ends the process: it stops when it has nothing more to read. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin!.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(timer)
  }
}

/** JSON has no typed arrays. */
function plainArrays(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value
}

function cacheFolder(): string {
  return process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
}
