/** From a model's name to an engine that computes it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { type Card, findCard } from '../capacity/card.ts'
import { estimateWeights } from '../capacity/estimate.ts'
import { gb } from '../capacity/gigabytes.ts'
import type { HeadPrecision, Precision } from '../config/choices.ts'
import { PROGRAM_ROOT, PROJECT_ROOT, projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { loadCheckpoint, openCheckpoint } from './checkpoint.ts'
import type { Engine, EngineKind, Holding, Qwen2Config } from './engine.ts'
import { type DownloadOptions, downloadModel, HUB_NAME } from './hub.ts'
import { isBuilt, loadAddon } from './native/addon.ts'
import { fingerprint, type WeightCache } from './native/cache.ts'
import { checkpointShapes, countNumbers } from './weights.ts'

const NODE_GPU = '@tensorflow/tfjs-node-gpu'

export interface LoadOptions {
  /** Folder of a Qwen2 checkpoint; resolveModel finds it. */
  readonly folder: string
  readonly engine: 'auto' | EngineKind
  /** Threads of the native engine; 'auto' is one a core. */
  readonly threads: 'auto' | number
  /** How the native engine holds the weights; 'auto' (the default) as exact as this machine's memory allows. */
  readonly precision?: 'auto' | Precision
  /** Of embedding and head, where `precision` is not fp32; 'auto' (the default) is bf16, or int8 beside NF4. */
  readonly headPrecision?: 'auto' | HeadPrecision
  /** Whether backward makes activations again; 'auto' (the default) where `precision` is not fp32. */
  readonly gradientCheckpointing?: 'auto' | boolean
}

/**
 * The checkpoint of a folder in an engine. 'auto' takes the native engine, else tfjs-node-gpu where it is installed,
 * else tfjs; the engine's `description` says which it is and, where it is not the native one, why.
 * @throws UserError where the folder is not a usable checkpoint, or the engine asked for cannot be had.
 */
export async function loadEngine(options: LoadOptions): Promise<Engine> {
  const { engine } = options
  if (engine === 'native') return loadNative(options)
  if (engine !== 'auto') return loadTfjs(options, engine)

  const problem = addonProblem()
  if (problem === null) return loadNative(options)
  return loadTfjs(
    options,
    withoutNative(),
    `chosen because: ${problem} Training is many times slower than with the native engine`,
  )
}

/** The engine that a configuration's `model.engine` stands for on this machine. */
export function engineOf(setting: 'auto' | EngineKind): EngineKind {
  if (setting !== 'auto') return setting
  return addonProblem() === null ? 'native' : withoutNative()
}

function withoutNative(): Exclude<EngineKind, 'native'> {
  return isInstalled(NODE_GPU) ? 'tfjs-node-gpu' : 'tfjs'
}

/**
 * What 'auto' stands for: float32 where weights with their packed copies take at most a quarter of `memory` bytes, bf16
 * where they take at most half, else NF4; activations are made again where weights are not float32.
 */
export function chooseHolding(
  config: Qwen2Config,
  {
    precision = 'auto',
    headPrecision = 'auto',
    gradientCheckpointing = 'auto',
  }: Omit<LoadOptions, 'folder' | 'engine'>,
  memory: number = totalmem(),
): Omit<Holding, 'threads'> {
  const packedBytes = precision !== 'fp32' && hasBf16Products() ? 2 : 4
  const fits = (chosen: Precision, share: number) =>
    estimateWeights(config, { precision: chosen, headPrecision: 'bf16', packedBytes }) <= share * memory
  const auto = () => (fits('fp32', 1 / 4) ? 'fp32' : fits('bf16', 1 / 2) ? 'bf16' : 'nf4')
  const chosen = precision === 'auto' ? auto() : precision
  return {
    precision: chosen,
    headPrecision: headPrecision === 'auto' ? (chosen === 'nf4' ? 'int8' : 'bf16') : headPrecision,
    gradientCheckpointing: gradientCheckpointing === 'auto' ? chosen !== 'fp32' : gradientCheckpointing,
    packedBytes,
  }
}

function hasBf16Products(): boolean {
  return isBuilt() && loadAddon().bf16Products
}

/**
 * The folder of a model: `name` as a folder (relative ones start at the project's), `models/<name>`, or the newest
 * snapshot of that name in the Hugging Face cache.
 * @throws UserError that says where the model's files belong, or that it must not be downloaded.
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
  if (mayBeOnHub(name) && isOffline()) {
    throw new UserError(
      `The model ${name} is not on this machine, and HF_HUB_OFFLINE forbids to download it; unset HF_HUB_OFFLINE, or put the model's files into models/${name}.`,
    )
  }
  throw new UserError(
    `The model ${name} is neither a folder with a config.json nor in models/ nor in the Hugging Face cache ${cache}; put its config.json, tokenizer.json, tokenizer_config.json and *.safetensors into ${resolve(PROJECT_ROOT, 'models', name.replace(/^models\//, ''))}.`,
  )
}

/**
 * The folder of a model as resolveModel finds it, or else of a download from the Hugging Face Hub where `name` may be one
 * of its names and HF_HUB_OFFLINE does not forbid it.
 * @throws UserError as resolveModel and downloadModel do.
 */
export async function findModel(
  name: string,
  { cache = huggingFaceCache(), ...options }: Partial<DownloadOptions> = {},
): Promise<string> {
  try {
    return resolveModel(name, cache)
  } catch (error) {
    if (!(error instanceof UserError) || !isOnHub(name)) throw error
    return downloadModel(name, { cache, ...options })
  }
}

/** Whether a model that is not on this machine is looked for on the Hugging Face Hub. */
export function isOnHub(name: string): boolean {
  return mayBeOnHub(name) && !isOffline()
}

function mayBeOnHub(name: string): boolean {
  const [owner = ''] = name.split('/')
  return HUB_NAME.test(name) && owner !== 'models' && !existsSync(projectPath(owner))
}

function isOffline(): boolean {
  return !['', '0', 'false', undefined].includes(process.env.HF_HUB_OFFLINE?.toLowerCase())
}

async function loadNative(options: LoadOptions): Promise<Engine> {
  const { createNativeEngine } = await import('./native/engine.ts')
  const { folder, threads } = options
  const checkpoint = await openCheckpoint(folder)
  try {
    const { precision, headPrecision, gradientCheckpointing } = chooseHolding(checkpoint.config, options)
    const cache = quantizedPlaces(folder, checkpoint.files, `${precision}-${headPrecision}`)
    return await createNativeEngine(checkpoint.config, checkpoint, {
      precision: precision === 'fp32' ? 'float32' : precision,
      // Exact only where that was asked for: rounding changes no more than another training seed does, and is faster.
      products: options.precision === 'fp32' ? 'fp32' : 'bf16',
      headPrecision,
      checkpointing: gradientCheckpointing,
      ...(threads === 'auto' ? {} : { threads }),
      ...(precision === 'nf4' ? { cache } : {}),
    })
  } finally {
    await checkpoint.close()
  }
}

/** Where weights are kept in the form in which the native engine holds them, and what they were made from. */
function quantizedPlaces(folder: string, files: readonly string[], form: string): WeightCache {
  const made = fingerprint(files, form)
  const places = [
    join(folder, `dpo-driver-${form}.safetensors`),
    projectPath(`data/quantized/${made.slice(0, 16)}-${form}.safetensors`),
  ]
  return { places, fingerprint: made }
}

/** Whether a checkpoint's weights are kept as `holding` says. Throws UserError where the folder is not a usable checkpoint. */
export async function isQuantized(folder: string, holding: Omit<Holding, 'threads'>): Promise<boolean> {
  const checkpoint = await openCheckpoint(folder)
  await checkpoint.close()
  const { places } = quantizedPlaces(folder, checkpoint.files, `${holding.precision}-${holding.headPrecision}`)
  return places.some((place) => existsSync(place))
}

async function loadTfjs(
  { folder, precision = 'auto' }: LoadOptions,
  kind: Exclude<EngineKind, 'native'>,
  note?: string,
) {
  if (precision !== 'auto' && precision !== 'fp32') {
    throw new UserError(
      `model.precision ${precision} is of the native engine, and ${kind} computes in fp32; set model.precision to auto, or model.engine to native.`,
    )
  }
  const opened = await openCheckpoint(folder)
  await opened.close()
  checkFloat32Fits(opened.config, kind, process.availableMemory(), kind === 'tfjs-node-gpu' ? await findCard() : null)
  const { config, tensors } = await loadCheckpoint(folder)
  const { createTfjsEngine } = await import('./tfjs/engine.ts')
  const options = note === undefined ? {} : { note }
  if (kind === 'tfjs') return createTfjsEngine(config, tensors, options)
  if (!isInstalled(NODE_GPU)) {
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

/**
 * Refuses a model whose weights alone are more than there is to hold them on TensorFlow.js, in the `free` bytes of this
 * machine's memory, through which they go in any case, and of the card where there is one.
 * @throws UserError that says how much they take.
 */
export function checkFloat32Fits(config: Qwen2Config, kind: EngineKind, free: number, card: Card | null): void {
  const weights = 4 * countNumbers(checkpointShapes(config))
  const cure = 'set model.engine to native, which holds them in 4 bits, or choose a smaller model'
  if (weights > free) {
    throw new UserError(
      `${kind} holds weights in fp32, which takes ${gb(weights)} for this model, and ${gb(free)} of memory can be had; ${cure}.`,
    )
  }
  if (card !== null && weights > card.memory) {
    throw new UserError(
      `${kind} holds weights in fp32, which takes ${gb(weights)} for this model, and ${card.name} has ${gb(card.memory)}; ${cure}.`,
    )
  }
}

/** Why the native engine cannot be had, in a sentence; null where it can. */
export function addonProblem(): string | null {
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

/** The folder of models that were downloaded from the Hugging Face Hub. */
export function huggingFaceCache(): string {
  const { HF_HUB_CACHE, HF_HOME } = process.env
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(homedir(), '.cache', 'huggingface'), 'hub')
}
