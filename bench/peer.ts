/** The peers, each in its own process. They take requests as lines of JSON, so that their runs take turns with ours. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Instructions } from './selection.ts'

const run = promisify(execFile)

/** Milliseconds. A busy machine may need most of them. */
const ANSWER_TIME_LIMIT = 300_000
const COMPILE_TIME_LIMIT = 120_000

const helloSchema = z.object({ name: z.string(), threads: z.int().positive() })
const doneSchema = z.object({})

/** The number format of a peer. */
export type PeerPrecision = 'fp32' | 'bf16'

/** Settings that make a peer faster at one case and slower at another. */
export interface PeerSetting {
  readonly name: string
  readonly threads: number
  /** For llama.cpp: whether to use its fused attention. */
  readonly flash?: boolean
}

/** A model's files, for the peers. */
export interface PeerModel {
  /** The checkpoint, for peers that train. */
  readonly folder: string
  /** The adapter that they train. */
  readonly adapter: string
  /** What they train, each in its own copy: 'LoRA', 'all weights'. */
  readonly trained: readonly string[]
  /** The checkpoint in llama.cpp's format. */
  readonly gguf: string
  /** Whether a peer that trains an adapter computes activations again in its backward pass; default false. */
  readonly checkpointing?: boolean
}

/** The Python that bench/peers.sh installed, or the one that DPO_DRIVER_BENCH_PYTHON names; null if there is none. */
export function peerPython(): string | null {
  const python = process.env.DPO_DRIVER_BENCH_PYTHON ?? join(cacheFolder(), 'bin/python')
  return existsSync(python) ? python : null
}

/** The Python with transformers 4 that bench/peers.sh installed, or the one that DPO_DRIVER_BENCH_PYTHON_4 names; null if there is none. */
export function peerPython4(): string | null {
  const python = process.env.DPO_DRIVER_BENCH_PYTHON_4 ?? join(cacheFolder(), 'transformers-4/bin/python')
  return existsSync(python) ? python : null
}

/**
 * Starts PyTorch with these further environment variables; null if bench/peers.sh did not install it. Throws Error if it does
 * not answer.
 */
export async function startTorch(
  precision: PeerPrecision,
  variables: Readonly<Record<string, string>> = {},
): Promise<Peer | null> {
  const python = peerPython()
  if (python === null) return null
  const child = spawn(python, [join(import.meta.dirname, 'peer_torch.py')], {
    env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '', ...variables },
  })
  return Peer.start(child, precision, true)
}

/** Starts node-llama-cpp; null if bench/peers.sh did not install it. Throws Error if it does not answer. */
export async function startNodeLlama(): Promise<Peer | null> {
  const installed = nodeLlama()
  if (installed === null) return null
  const entry = join(installed.folder, 'dist/index.js')
  const name = `node-llama-cpp ${installed.version}`
  const child = spawn(process.execPath, [join(import.meta.dirname, 'peer-node-llama.ts'), entry, name])
  return Peer.start(child, 'bf16', false)
}

/**
 * Starts llama.cpp itself, with the libraries of node-llama-cpp; null if bench/peers.sh did not install that, or there is no
 * C++ compiler. Throws Error if it does not answer.
 */
export async function startLlama(instructions: Instructions = ''): Promise<Peer | null> {
  const installed = nodeLlama()
  if (installed === null) return null
  const { bins, headers, release } = installed
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-peer-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const program = join(folder, 'peer_llama')
    const libraries = readdirSync(bins).filter((name) => /^lib(llama|ggml|ggml-base)\.[^-]*$/.test(name))
    const includes = ['include', 'ggml/include', 'vendor'].map((part) => `-I${join(headers, part)}`)
    const source = join(import.meta.dirname, 'peer_llama.cc')
    const flags = ['-O3', '-march=native', '-ffast-math', '-std=c++17', ...includes]
    const linked = [...libraries.map((name) => join(bins, name)), `-Wl,-rpath,${bins}`]
    await run('c++', [...flags, source, '-o', program, ...linked], { timeout: COMPILE_TIME_LIMIT })
    const backends = instructions === '' ? bins : await onlyHaswell(bins, join(folder, 'backends'))
    return await Peer.start(spawn(program, [backends, `llama.cpp ${release}`]), 'bf16', false, remove)
  } catch (error) {
    await remove()
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Makes a folder with llama.cpp's library for processors that have AVX2 and no AVX-512, and returns it. */
async function onlyHaswell(bins: string, folder: string): Promise<string> {
  const library = 'libggml-cpu-haswell.so'
  await mkdir(folder)
  await symlink(join(bins, library), join(folder, library))
  return folder
}

export class Peer {
  readonly name: string
  readonly precision: PeerPrecision
  /** Whether it can train, and use adapters. If not, it only generates with the base model. */
  readonly trains: boolean
  /** Its default number of threads: one a core. */
  readonly threads: number
  readonly #line: Line
  readonly #ended: () => Promise<void>

  private constructor(
    line: Line,
    { name, threads }: z.infer<typeof helloSchema>,
    precision: PeerPrecision,
    trains: boolean,
    ended: () => Promise<void>,
  ) {
    this.#line = line
    this.#ended = ended
    this.name = `${name} ${precision}`
    this.precision = precision
    this.trains = trains
    this.threads = threads
  }

  /** Makes a peer of a process; `ended` is called when the process has ended. */
  static async start(
    child: ChildProcess,
    precision: PeerPrecision,
    trains: boolean,
    ended: () => Promise<void> = async () => {},
  ): Promise<Peer> {
    const line = new Line(child)
    return new Peer(line, await line.ask(helloSchema, { do: 'hello', precision }), precision, trains, ended)
  }

  /** All settings that are worth a trial. */
  get settings(): PeerSetting[] {
    return [...new Set([1, this.threads])].flatMap((threads) => {
      const name = threads === 1 ? '1 thread' : `${threads} threads`
      if (this.trains) return [{ name, threads }]
      return [
        { name: `${name}, flash attention`, threads, flash: true },
        { name: `${name}, plain attention`, threads, flash: false },
      ]
    })
  }

  async set({ name: _, ...setting }: PeerSetting): Promise<void> {
    await this.ask(doneSchema, { do: 'settings', ...setting })
  }

  async load({ folder, adapter, trained, gguf, checkpointing = false }: PeerModel): Promise<void> {
    const files = this.trains ? { model: folder, adapter, trained, checkpointing } : { model: gguf }
    await this.ask(doneSchema, { do: 'load', ...files })
  }

  /** Sends a request, which may contain arrays of numbers of any kind, and resolves to the answer. */
  ask<T>(schema: z.ZodType<T>, request: { readonly do: string; readonly [argument: string]: unknown }): Promise<T> {
    return this.#line.ask(schema, request)
  }

  async close(): Promise<void> {
    await this.#line.close()
    await this.#ended()
  }
}

/** Sends one request after the other to a process that answers each with one line. */
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
    // The process has ended. The missing answer reports that better.
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

  /** Ends the process by closing its input. */
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

const versionSchema = z.object({ version: z.string() })
const releaseSchema = z.object({ release: z.string() })

/** The folders of node-llama-cpp, its libraries and llama.cpp's headers; null if bench/peers.sh did not install them. */
function nodeLlama() {
  const root = join(cacheFolder(), 'llama')
  const folder = join(root, 'node_modules/node-llama-cpp')
  const built = join(root, 'node_modules/@node-llama-cpp')
  if (!existsSync(folder) || !existsSync(built)) return null
  const [platform] = readdirSync(built)
  if (platform === undefined) return null
  const read = <T>(file: string, schema: z.ZodType<T>) =>
    schema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  return {
    folder,
    bins: join(built, platform, 'bins', platform),
    headers: join(root, 'llama.cpp'),
    version: read('package.json', versionSchema).version,
    release: read('llama/binariesGithubRelease.json', releaseSchema).release.replace(/^v/, ''),
  }
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'dpo-driver-bench')
}
