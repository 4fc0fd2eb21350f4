/** The tensors of an adapter's file: which modules they adapt, and what else they hold. */
import { PROJECTIONS } from '../../config/choices.ts'
import { UserError } from '../../messages/error.ts'
import type { Entry } from '../checkpoint/safetensors.ts'
import type { ModelConfig } from '../engine.ts'
import { checkpointShapes, projectionName } from '../weights.ts'

export interface LoraEntries {
  /** [r, in] */
  readonly a: Entry
  /** [out, r] */
  readonly b: Entry
}

export interface SortedTensors {
  /** By the adapted modules' names in the checkpoint, in the model's order. */
  readonly modules: ReadonlyMap<string, LoraEntries>
  /** Saved weights of the base model, by their names in the checkpoint. */
  readonly saved: ReadonlyMap<string, Entry>
}

const PREFIX = 'base_model.model.'
/** The group `adapter` is the adapter's name, which PEFT leaves out when it saves. */
const LORA = /^(?<module>.+)\.lora_(?<part>[AB])(?:\.(?<adapter>[^.]+))?\.weight$/
/** What PEFT's wrappers add to the name of a weight. */
const WRAPPERS = /\.(?:base_layer|original_module|modules_to_save(?:\.[^.]+(?=\.\w+$))?)(?=\.)/g

/** Tensors that only other methods have. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\.lora_magnitude_vector\b/, 'DoRA'],
  [/\.lora_diag\b/, 'KaSA'],
  [/\.lora_velora_/, 'VeLoRA'],
  [/\.lora_embedding_[AB]\b/, 'LoRA on the embedding'],
  [/\.lora_[AB]\.(?:[^.]+\.)?bias$/, 'LoRA with biases'],
  [/\.lora_E\b|\.ranknum\b/, 'AdaLoRA'],
  [/\.vera_/, 'VeRA'],
  [/\.token_adapter\.|\.trainable_tokens_/, 'trainable tokens'],
  [/\.hada_/, 'LoHa'],
  [/\.lokr_/, 'LoKr'],
  [/\.oft_/, 'OFT'],
  [/\.ia3_/, 'IA3'],
  [/prompt_embeddings/, 'prompt tuning'],
]

/**
 * Sorts the entries of an adapter's file for a model.
 * @throws UserError if a module lacks one of its two tensors, or one is of another method or another model.
 */
export function sortTensors(file: string, entries: Iterable<Entry>, config: ModelConfig): SortedTensors {
  const known = modulesOf(config)
  const parts = new Map<string, Entry>()
  const saved = new Map<string, Entry>()
  const adapters = new Set<string>()
  for (const entry of entries) {
    const { name } = entry
    const method = OTHERS.find(([pattern]) => pattern.test(name))?.[1]
    if (method !== undefined) throw new UserError('adapterTensorOfMethod', { file, name, method })
    const { module, part, adapter } = LORA.exec(name)?.groups ?? {}
    if (module === undefined) {
      saved.set(name.replace(PREFIX, '').replace(WRAPPERS, ''), entry)
      continue
    }
    if (!name.startsWith(PREFIX)) throw new UserError('adapterPrefixMissing', { file, name, prefix: PREFIX })
    adapters.add(adapter ?? '')
    const inModel = module.slice(PREFIX.length)
    if (!known.includes(inModel)) throw strangeModule(file, inModel, config)
    parts.set(`${inModel} ${part}`, entry)
  }
  if (adapters.size > 1)
    throw new UserError('adapterSeveral', { file, names: [...adapters].map((name) => name || '-') })
  const modules = new Map<string, LoraEntries>()
  for (const module of known) {
    const [a, b] = [parts.get(`${module} A`), parts.get(`${module} B`)]
    if (a === undefined && b === undefined) continue
    const lacking = a === undefined ? 'A' : 'B'
    if (a === undefined || b === undefined) {
      throw new UserError('tensorMissing', { file, name: `${PREFIX}${module}.lora_${lacking}.weight` })
    }
    modules.set(module, { a, b })
  }
  if (modules.size === 0) throw new UserError('adapterEmpty', { file })
  return { modules, saved }
}

/** The names of all projections, layer by layer. */
function modulesOf(config: ModelConfig): string[] {
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => layer)
  return layers.flatMap((layer) => PROJECTIONS.map((projection) => projectionName(layer, projection)))
}

/** The error for LoRA on a module that is no projection of the model. */
function strangeModule(file: string, module: string, config: ModelConfig): UserError {
  const layer = Number(/^model\.layers\.(\d+)\./.exec(module)?.[1])
  const layers = config.num_hidden_layers
  if (layer >= layers) return new UserError('adapterOtherDepth', { file, module, layers })
  const other = module === 'lm_head' || checkpointShapes(config).has(`${module}.weight`)
  return new UserError(other ? 'adapterOtherModule' : 'adapterStrangeModule', { file, module })
}
