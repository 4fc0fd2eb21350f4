/** Finds a model by its name and loads it into an engine. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { PROGRAM_ROOT, PROJECT_ROOT, projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { reasonOf } from '../messages/reason.ts'
import { type Choice, chosenEngine, isInstalled, NODE_GPU } from './auto.ts'
import { chooseCardHolding } from './card-holding.ts'
import { loadCheckpoint, openCheckpoint } from './checkpoint/checkpoint.ts'
import { lacking, snapshotsOf } from './checkpoint/snapshot.ts'
import type { Engine, EngineKind, Holding, ModelConfig } from './engine.ts'
import { isGguf } from './gguf/parts.ts'
import { chooseHolding, type HoldingOptions, storedAs } from './holding.ts'
import { cardOf } from './host/card.ts'
import type { GpuOptions } from './host/gpu-host.ts'
import { type DownloadOptions, downloadModel, HUB_NAME } from './hub/hub.ts'
import { huggingFaceCache, offlineBy } from './hub/settings.ts'
import { isOllamaName, ollamaFile } from './installed/ollama.ts'
import { fingerprint, type WeightCache } from './native/cache.ts'

type TfjsKind = Exclude<EngineKind, 'native' | 'webgpu'>

export interface LoadOptions extends HoldingOptions {
  /** Of the engine webgpu; default: the system's choice. */
  readonly gpu?: GpuOptions
  /** Folder of a checkpoint, or its GGUF file, from resolveModel. */
  readonly folder: string
  readonly engine: 'auto' | EngineKind
  /** Threads of the native engine; 'auto' is one a core. */
  readonly threads: 'auto' | number
  /**
   * Called with the model's shape and the kind of engine before weights are read. It throws if this machine has no room for
   * them. By default nothing is checked.
   */
  readonly checkRoom?: (config: ModelConfig, kind: EngineKind) => void | Promise<void>
  /** Ends the loading, which then throws its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Loads a checkpoint into an engine. 'auto' is what chooseEngine finds (auto.ts). The engine's `description` names it, and says
 * why it was chosen if that matters.
 * @throws UserError if the folder is not a usable checkpoint, or the requested engine does not start; and what `checkRoom`
 *   throws.
 */
export async function loadEngine(options: LoadOptions): Promise<Engine> {
  const { kind, why } = options.engine === 'auto' ? await autoEngine(options) : { kind: options.engine, why: null }
  const notes = why === null ? [] : [why]
  if (kind === 'native') return loadNative(options, notes)
  if (kind === 'webgpu') return loadWebGpu(options, notes)
  return loadTfjs(options, kind, notes)
}

async function autoEngine(options: LoadOptions): Promise<Choice> {
  const checkpoint = await openCheckpoint(options.folder)
  await checkpoint.close()
  return chosenEngine(checkpoint.config, options)
}

/**
 * Finds a model's folder or GGUF file: `name` as a path (relative to the project), `models/<name>`, `ollama:<name>`, or a
 * snapshot of that name in the Hugging Face cache that has all files which the lab reads: that of the branch main, else the
 * newest.
 * @throws UserError that says where the model's files belong, which of them the cache lacks, or that downloads are forbidden.
 */
export function resolveModel(name: string, cache: string = huggingFaceCache()): string {
  if (isOllamaName(name)) return ollamaFile(name)
  // No path has a null character, and Node throws for one.
  const candidates = name.includes('\0')
    ? []
    : [resolve(PROJECT_ROOT, name), join(PROJECT_ROOT, 'models', name), resolve(PROGRAM_ROOT, name)]
  const snapshots = CACHED_NAME.test(name) ? snapshotsOf(cache, name) : []
  const folder =
    candidates.find((candidate) => existsSync(join(candidate, 'config.json')) || isGguf(candidate)) ??
    snapshots.find((snapshot) => lacking(snapshot).length === 0)
  if (folder !== undefined) return folder
  for (const candidate of candidates) refuseFolderOfGguf(candidate)
  const [partial] = snapshots
  const place = `models/${name}`
  const variable = offlineBy()
  if (partial !== undefined) {
    const missing = lacking(partial)
    const values = { name, snapshot: partial, missing, folder: place }
    if (variable === null) throw new UserError('modelPartial', values)
    throw new UserError('modelPartialOffline', { ...values, variable })
  }
  if (mayBeOnHub(name) && variable !== null) throw new UserError('modelOffline', { name, variable, folder: place })
  if (name.endsWith('.gguf')) {
    const file = resolve(PROJECT_ROOT, name)
    throw new UserError(existsSync(file) ? 'ggufNotAFile' : 'ggufMissing', { file })
  }
  const wanted = resolve(PROJECT_ROOT, 'models', name.replace(/^models\//, ''))
  throw new UserError('modelMissing', { name, cache, folder: wanted })
}

/** LM Studio keeps a model's GGUF files, of several precisions, in a folder of the model. */
function refuseFolderOfGguf(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return
  const files = readdirSync(folder).filter((name) => name.endsWith('.gguf'))
  if (files.length > 0) throw new UserError('ggufFolder', { folder, files: files.slice(0, 5) })
}

/** A name that the cache can have: also that of a model without an owner. */
const CACHED_NAME = /^[\w.-]+(\/[\w.-]+)?$/

/**
 * Finds a model's folder as resolveModel does, or else downloads from the Hugging Face Hub what is missing of it, if `name`
 * can be a name there and HF_HUB_OFFLINE allows it.
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

/** Whether a model that is not on this machine may be downloaded from the Hugging Face Hub. */
export function isOnHub(name: string): boolean {
  return mayBeOnHub(name) && offlineBy() === null
}

function mayBeOnHub(name: string): boolean {
  const [owner = ''] = name.split('/')
  return HUB_NAME.test(name) && !name.endsWith('.gguf') && owner !== 'models' && !existsSync(projectPath(owner))
}

async function loadNative(options: LoadOptions, why: readonly Message[]): Promise<Engine> {
  const { createNativeEngine } = await import('./native/engine.ts')
  const { folder, threads, checkRoom, signal } = options
  const checkpoint = await openCheckpoint(folder)
  try {
    await checkRoom?.(checkpoint.config, 'native')
    const { precision, headPrecision, gradientCheckpointing, keptBytes = 0 } = chooseHolding(checkpoint.config, options)
    const cache = quantizedPlaces(folder, checkpoint.files, `${precision}-${headPrecision}`)
    return await createNativeEngine(checkpoint.config, checkpoint, {
      notes: [...why, ...checkpoint.notes],
      signal,
      precision: storedAs(precision),
      // Exact only on request: rounding is faster, and changes results no more than another training seed does.
      products: options.precision === 'fp32' ? 'fp32' : 'bf16',
      headPrecision,
      checkpointing: gradientCheckpointing,
      keptBytes,
      ...(threads === 'auto' ? {} : { threads }),
      ...(precision === 'nf4' ? { cache } : {}),
    })
  } finally {
    await checkpoint.close()
  }
}

async function loadWebGpu(options: LoadOptions, why: readonly Message[]): Promise<Engine> {
  const { openRemoteEngine } = await import('./host/remote-engine.ts')
  const { DEFAULT_GPU, startGpuHost } = await import('./host/gpu-host.ts')
  const { folder, gpu = DEFAULT_GPU, checkRoom, signal } = options
  const checkpoint = await openCheckpoint(folder)
  try {
    const { config, notes } = checkpoint
    await checkRoom?.(config, 'webgpu')
    const holding = chooseCardHolding(config, options, await cardOf(gpu))
    return await openRemoteEngine(await startGpuHost(gpu), { kind: 'webgpu', config, wish: gpu, holding }, checkpoint, {
      signal,
      notes: [...why, ...notes],
    })
  } finally {
    await checkpoint.close()
  }
}

/** Where the native engine's quantised weights are cached, and the fingerprint of their source. */
function quantizedPlaces(folder: string, files: readonly string[], form: string): WeightCache {
  const made = fingerprint(files, form)
  const places = [
    ...(isGguf(folder) ? [] : [join(folder, `dpo-driver-${form}.safetensors`)]),
    projectPath(`data/quantized/${made.slice(0, 16)}-${form}.safetensors`),
  ]
  return { places, fingerprint: made }
}

/** Whether a checkpoint's weights are cached in the form of `holding`. Throws UserError if the checkpoint is not usable. */
export async function isQuantized(folder: string, holding: Omit<Holding, 'threads'>): Promise<boolean> {
  const checkpoint = await openCheckpoint(folder)
  await checkpoint.close()
  const { places } = quantizedPlaces(folder, checkpoint.files, `${holding.precision}-${holding.headPrecision}`)
  return places.some((place) => existsSync(place))
}

async function loadTfjs(
  { folder, precision = 'auto', checkRoom }: LoadOptions,
  kind: TfjsKind,
  why: readonly Message[],
): Promise<Engine> {
  if (precision !== 'auto' && precision !== 'fp32') {
    throw new UserError('precisionNeedsNative', { precision, engine: kind })
  }
  const opened = await openCheckpoint(folder)
  await opened.close()
  await checkRoom?.(opened.config, kind)
  const { config, tensors } = await loadCheckpoint(folder)
  const { createTfjsEngine } = await import('./tfjs/engine.ts')
  const options = { notes: [...why, ...opened.notes] }
  if (kind === 'tfjs') return createTfjsEngine(config, tensors, options)
  if (!isInstalled(NODE_GPU)) {
    throw new UserError('nodeGpuNotInstalled', { package: `${NODE_GPU}@${manifest.peerDependencies[NODE_GPU]}` })
  }
  try {
    return await createTfjsEngine(config, tensors, { ...options, backend: 'node-gpu' })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('nodeGpuDoesNotStart', { reason: reasonOf(error) })
  }
}
