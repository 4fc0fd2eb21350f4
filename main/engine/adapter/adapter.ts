/** LoRA adapters (Hu et al. 2021, arXiv:2106.09685) as folders in PEFT's layout. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECTIONS } from '../../config/choices.ts'
import { writeFileAtomic } from '../../files/file.ts'
import { replaceFiles, settleFolder } from '../../files/folder.ts'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { checkFinite } from '../checkpoint/check-tensors.ts'
import { readOptional } from '../checkpoint/model-file.ts'
import { openSafetensors, readTensor, type SafetensorsFile, writeSafetensors } from '../checkpoint/safetensors.ts'
import type { LoraConfig, LoraModule, ModelConfig, Tensor, Tensors } from '../engine.ts'
import { uniformStream } from '../random.ts'
import { ADAPTER_PROMPT, checkPrompt } from '../trained-prompt.ts'
import { adaptedModules, adapterShapes, loraTensors, projectionName } from '../weights.ts'
import { type BaseOptions, checkBase, promptOfAdapter } from './base.ts'
import { FINGERPRINT } from './base-identity.ts'
import { type AdapterConfig, moduleSettings, parseAdapterConfig, targetedModules } from './config.ts'
import { weightsFile } from './identity.ts'
import { type LoraEntries, type SortedTensors, sortTensors } from './tensors.ts'

/** The files of an adapter. Whatever else is in its folder belongs to the user. */
export const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors'] as const

export interface Adapter {
  readonly lora: LoraConfig
  readonly tensors: Tensors
  /** PEFT's base_model_name_or_path: the model that the adapter was trained on, if known. */
  readonly baseModelName: string | null
  /** The name of the prompt that it was trained with, if known. */
  readonly prompt?: string | undefined
}

/** Throws UserError if `lora` names a layer that the model does not have. PEFT ignores such a layer. */
export function checkLayers(
  { num_hidden_layers: count }: ModelConfig,
  lora: Pick<LoraConfig, 'layers_to_transform'>,
): void {
  const layer = lora.layers_to_transform?.find((one) => one >= count)
  if (layer !== undefined) throw new UserError('layersOverModel', { layer, layers: message('countLayers', { count }) })
}

/**
 * The tensors of a new adapter, initialised as in PEFT: lora_A uniform within 1 / sqrt(in) (Kaiming with a = sqrt(5)), and
 * lora_B zero, so that the model starts as the base model. Throws UserError as `checkLayers` does.
 */
export function initLora(config: ModelConfig, lora: LoraConfig, seed: number): Tensors {
  checkLayers(config, lora)
  const uniform = uniformStream(seed)
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of adapterShapes(config, lora)) {
    const data = new Float32Array(shape[0]! * shape[1]!)
    if (name.endsWith('.lora_A.weight')) {
      const bound = 1 / Math.sqrt(shape[1]!)
      for (let i = 0; i < data.length; i++) data[i] = bound * (2 * uniform() - 1)
    }
    tensors.set(name, { shape, data })
  }
  return tensors
}

/**
 * Writes adapter_config.json and adapter_model.safetensors, both or none. Other files of the folder stay. `fingerprint` is
 * that of the base model, `prompt` the name of the prompt that it was trained with.
 */
export async function saveAdapter(
  folder: string,
  lora: LoraConfig,
  tensors: Tensors,
  baseModelName: string | null,
  { fingerprint = null, prompt = null }: { readonly fingerprint?: string | null; readonly prompt?: string | null } = {},
): Promise<void> {
  // PEFT reads a pattern as a regular expression. A module's whole name matches no other module.
  const differing = (key: keyof LoraModule) =>
    Object.fromEntries(
      [...(lora.modules ?? [])].flatMap(([name, module]) => (module[key] === lora[key] ? [] : [[name, module[key]]])),
    )
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModelName,
    revision: null,
    inference_mode: true,
    r: lora.r,
    lora_alpha: lora.lora_alpha,
    lora_dropout: lora.lora_dropout,
    target_modules: lora.modules === undefined ? lora.target_modules : [...lora.modules.keys()],
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora: lora.use_rslora ?? false,
    use_dora: false,
    rank_pattern: differing('r'),
    alpha_pattern: differing('lora_alpha'),
    layers_to_transform: lora.layers_to_transform ?? null,
    layers_pattern: null,
    modules_to_save: null,
  }
  await replaceFiles(folder, (next) => {
    writeFileAtomic(join(next, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`)
    const metadata = {
      ...(fingerprint === null ? {} : { [FINGERPRINT]: fingerprint }),
      ...(prompt === null ? {} : { [ADAPTER_PROMPT]: prompt }),
    }
    writeSafetensors(join(next, 'adapter_model.safetensors'), tensors, metadata)
  })
}

/**
 * Reads an adapter folder for the given model. Modules and ranks are those of the tensors; adapter_config.json says how they
 * are scaled.
 * @throws UserError if a file is missing or cut off, the adapter needs something that this lab does not compute, its tensors
 *   do not fit the model or the configuration, or it was trained on other weights than `base`.
 */
export function loadAdapter(folder: string, config: ModelConfig, options: BaseOptions = {}): Promise<Adapter> {
  return usingAdapter(folder, config, options, async ({ opened, sorted, ...adapter }) => {
    const tensors = new Map<string, Tensor>()
    for (const { name, scale } of adaptedModules(config, adapter.lora)) {
      await readModule(tensors, opened, name, sorted.modules.get(name)!, scale)
    }
    return { ...adapter, tensors }
  })
}

/** Checks an adapter folder as `loadAdapter` does, but reads no weights of it. @throws UserError as `loadAdapter` does. */
export function checkAdapter(folder: string, config: ModelConfig, options: BaseOptions = {}): Promise<void> {
  return usingAdapter(folder, config, options, async () => {})
}

/** An adapter folder whose configuration and headers were read and checked. */
interface OpenAdapter extends Omit<Adapter, 'tensors'> {
  readonly opened: SafetensorsFile
  readonly sorted: SortedTensors
}

async function usingAdapter<R>(
  folder: string,
  config: ModelConfig,
  options: BaseOptions,
  use: (adapter: OpenAdapter) => Promise<R>,
): Promise<R> {
  settleFolder(folder)
  const configFile = join(folder, 'adapter_config.json')
  const text = await readOptional(configFile)
  if (text === undefined) throw noAdapter(folder, new UserError('adapterConfigMissing', { file: configFile }))
  const settings = parseAdapterConfig(configFile, text)
  const file = weightsFile(folder)
  const opened = await openSafetensors(file)
  try {
    const sorted = sortTensors(file, opened.entries.values(), config)
    const lora = loraOf(settings, file, sorted, config, options.warn)
    await checkBase(opened, settings, sorted, config, options)
    const prompt = promptOfAdapter(opened)
    if (prompt !== undefined && options.prompt !== undefined) {
      checkPrompt(file, prompt, options.prompt, options.warn ?? (() => {}))
    }
    return await use({ opened, sorted, lora, prompt, baseModelName: settings.base_model_name_or_path ?? null })
  } finally {
    await opened.close()
  }
}

/**
 * The error for a folder without an adapter: it names those in sub-folders, where PEFT saves an adapter that is not called
 * "default". Without any, it is `other`.
 */
export function noAdapter(folder: string, other: UserError): UserError {
  const within = subfolders(folder).filter((name) => existsSync(join(name, 'adapter_config.json')))
  return within.length > 0 ? new UserError('adapterInSubfolder', { folder, within }) : other
}

/** Empty where there is no folder, or it cannot be read. */
function subfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  } catch {
    return []
  }
}

/** What the tensors adapt, scaled as adapter_config.json says. */
function loraOf(
  settings: AdapterConfig,
  file: string,
  { modules }: SortedTensors,
  config: ModelConfig,
  warn: (told: Message) => void = () => {},
): LoraConfig {
  const names = [...modules.keys()]
  const all = Array.from({ length: config.num_hidden_layers }, (_, layer) =>
    PROJECTIONS.map((projection) => projectionName(layer, projection)),
  ).flat()
  const targeted = targetedModules(settings, all)
  const untargeted = names.find((name) => !targeted.has(name))
  if (untargeted !== undefined) {
    throw new UserError('adapterUntargeted', { file, name: loraTensors(untargeted)[0], config: settings.file })
  }
  const own = moduleSettings(settings, names)
  const { r, lora_alpha, lora_dropout, use_rslora } = settings
  const target_modules = PROJECTIONS.filter((projection) => names.some((name) => name.endsWith(`.${projection}`)))
  const common = { r, lora_alpha, lora_dropout, target_modules, ...(use_rslora === true ? { use_rslora } : {}) }
  const layers = [...new Set(adaptedModules(config, { ...common, modules: own }).map(({ layer }) => layer))]
  const plain =
    names.length === layers.length * target_modules.length &&
    [...own.values()].every((module) => module.r === r && module.lora_alpha === lora_alpha)
  const inSome = layers.length === config.num_hidden_layers ? common : { ...common, layers_to_transform: layers }
  const lora: LoraConfig = plain ? inSome : { ...common, modules: own }

  const shapes = new Map(
    [...modules].flatMap(([name, { a, b }]) => {
      const [nameA, nameB] = loraTensors(name)
      return [[nameA, a.shape] as const, [nameB, b.shape] as const]
    }),
  )
  const empty = [...shapes].find(([, shape]) => shape.length !== 2 || shape.includes(0))
  if (empty !== undefined) throw new UserError('adapterTensorNotGathered', { file, name: empty[0] })
  for (const [name, wanted] of adapterShapes(config, lora)) {
    const shape = shapes.get(name)!
    if (shape.join() === wanted.join()) continue
    throw new UserError('adapterShapeWrong', { file, name, shape: shape.join(', '), wanted: wanted.join(', ') })
  }
  // Only of an adapter that fits: one of another model has other modules too.
  const stated = settings.target_modules ?? null
  const missing = [...targeted].filter((name) => !modules.has(name))
  if (stated !== null && missing.length > 0) {
    warn(message('adapterModulesMissing', { file, count: missing.length, name: missing[0]! }))
  }
  return lora
}

/** An adapter that changes a weight by more than this overflows. Trained ones stay below 100. */
const MOST_CHANGE = 1e6

/** Reads a module's two tensors as float32. Throws UserError if a number is not finite, or together they are too large. */
async function readModule(
  tensors: Map<string, Tensor>,
  opened: SafetensorsFile,
  module: string,
  { a, b }: LoraEntries,
  scale: number,
): Promise<void> {
  const { file } = opened
  let change = Math.abs(scale) * a.shape[0]!
  for (const [i, entry] of [a, b].entries()) {
    const tensor = await readTensor(opened, entry)
    checkFinite(entry.name, tensor, () => file)
    tensors.set(loraTensors(module)[i]!, tensor)
    change *= tensor.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  }
  if (!(change <= MOST_CHANGE)) throw new UserError('adapterTooLarge', { file, module, scale: scale.toPrecision(3) })
}
