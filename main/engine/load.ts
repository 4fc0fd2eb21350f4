/** From a model's name to an engine that computes it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '../config/error.ts'
import { PROGRAM_ROOT, PROJECT_ROOT } from '../config/paths.ts'
import { type Checkpoint, loadCheckpoint } from './checkpoint.ts'
import type { Engine, EngineKind } from './engine.ts'

export interface LoadOptions {
  /** Folder of a Qwen2 checkpoint; resolveModel finds it. */
  readonly folder: string
  readonly engine: 'auto' | EngineKind
  /** Threads of the native engine; 'auto' is one a core. */
  readonly threads: 'auto' | number
}

/**
 * The checkpoint of a folder in an engine. 'auto' takes the native engine, else tfjs-node-gpu where it is installed,
 * else tfjs; the engine's `description` says which it is and, where it is not the native one, why.
 * @throws UserError where the folder is not a usable checkpoint, or the engine asked for cannot be had.
 */
export async function loadEngine({ folder, engine, threads }: LoadOptions): Promise<Engine> {
  const checkpoint = await loadCheckpoint(folder)
  if (engine === 'native') return loadNative(checkpoint, threads)
  if (engine !== 'auto') return loadTfjs(checkpoint, engine)

  const problem = await nativeProblem()
  if (problem === null) return loadNative(checkpoint, threads)
  const kind = isInstalled('@tensorflow/tfjs-node-gpu') ? 'tfjs-node-gpu' : 'tfjs'
  return loadTfjs(
    checkpoint,
    kind,
    `chosen because: ${problem} Training is many times slower than with the native engine`,
  )
}

/**
 * The folder of a model: `name` as a folder (relative ones start at the project's), `models/<name>`, or the newest
 * snapshot of that name in the Hugging Face cache.
 * @throws UserError that says where the model's files belong.
 */
export function resolveModel(name: string, cache: string = huggingFaceCache()): string {
  const candidates = [
    resolve(PROJECT_ROOT, name),
    join(PROJECT_ROOT, 'models', name),
    resolve(PROGRAM_ROOT, name),
    ...snapshots(name, cache),
  ]
  const folder = candidates.find((candidate) => existsSync(join(candidate, 'config.json')))
  if (folder !== undefined) return folder
  throw new UserError(
    `The model ${name} is neither a folder with a config.json nor in models/ nor in the Hugging Face cache ${cache}; put its config.json, tokenizer.json, tokenizer_config.json and *.safetensors into ${resolve(PROJECT_ROOT, 'models', name.replace(/^models\//, ''))}.`,
  )
}

async function loadNative({ config, tensors }: Checkpoint, threads: LoadOptions['threads']): Promise<Engine> {
  const { createNativeEngine } = await import('./native/engine.ts')
  return createNativeEngine(config, tensors, threads === 'auto' ? {} : { threads })
}

async function loadTfjs({ config, tensors }: Checkpoint, kind: Exclude<EngineKind, 'native'>, note?: string) {
  const { createTfjsEngine } = await import('./tfjs/engine.ts')
  const options = note === undefined ? {} : { note }
  if (kind === 'tfjs') return createTfjsEngine(config, tensors, options)
  if (!isInstalled('@tensorflow/tfjs-node-gpu')) {
    throw new UserError(
      'The engine tfjs-node-gpu needs a package that is not installed; run npm install @tensorflow/tfjs-node-gpu@4.22.0, or set model.engine to auto.',
    )
  }
  try {
    return await createTfjsEngine(config, tensors, { ...options, backend: 'node-gpu' })
  } catch (error) {
    if (error instanceof UserError) throw error
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new UserError(`The engine tfjs-node-gpu does not start (${reason}); set model.engine to auto.`)
  }
}

/** Why the native engine cannot be had, in a sentence; null where it can. */
export async function nativeProblem(): Promise<string | null> {
  const { loadAddon } = await import('./native/addon.ts')
  try {
    loadAddon()
    return null
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

/** Snapshots of a model in the cache: the one that its branch main names, then the others. */
function snapshots(name: string, cache: string): string[] {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(name)) return []
  const repository = join(cache, `models--${name.replace('/', '--')}`)
  const all = join(repository, 'snapshots')
  if (!existsSync(all)) return []
  const main = join(repository, 'refs', 'main')
  const newest = existsSync(main) ? [readFileSync(main, 'utf8').trim()] : []
  return [...newest, ...readdirSync(all)].map((commit) => join(all, commit))
}

function huggingFaceCache(): string {
  const { HF_HUB_CACHE, HF_HOME } = process.env
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(homedir(), '.cache', 'huggingface'), 'hub')
}
