/** Checks an adapter against the base model that it is loaded for: its origin, and copies of the base's weights in its file. */
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { checkShapes } from '../checkpoint/check-tensors.ts'
import { openCheckpoint } from '../checkpoint/checkpoint.ts'
import { narrow, widen } from '../checkpoint/dtype.ts'
import type { OpenCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { byteLength, type Entry, type SafetensorsFile } from '../checkpoint/safetensors.ts'
import type { ModelConfig } from '../engine.ts'
import { ADAPTER_PROMPT } from '../trained-prompt.ts'
import { checkpointShapes } from '../weights.ts'
import { type BaseModel, baseFingerprint, FINGERPRINT, sameBase, sameModelName } from './base-identity.ts'
import { type AdapterConfig, partsOf, saved } from './config.ts'
import type { SortedTensors } from './tensors.ts'

/** What is done with what `checkBase` finds. */
export interface BaseOptions {
  /** The base model, by which other models' adapters and copies of its weights are known; null checks only shapes. */
  readonly base?: BaseModel | null
  /** The name of the prompt with which the model is asked; another one beside the adapter is told. */
  readonly prompt?: string
  /** Hears what is odd about the adapter, but does not prevent its use. */
  readonly warn?: (told: Message) => void
  /** Takes a weight of the base model that was trained beside LoRA, by its name in the checkpoint. By default it is refused. */
  readonly takeSaved?: (name: string, entry: Entry) => void
}

/** The name of the prompt that an adapter was trained with. Of others' adapters nobody knows. */
export function promptOfAdapter({ metadata }: SafetensorsFile): string | undefined {
  // The lab's adapters name their prompt since there is more than one.
  return metadata[ADAPTER_PROMPT] ?? (metadata[FINGERPRINT] === undefined ? undefined : 'compact')
}

/**
 * Checks an adapter against its base model.
 * @throws UserError if it was trained on other weights, or holds trained weights of the base model beside LoRA.
 */
export async function checkBase(
  opened: SafetensorsFile,
  settings: AdapterConfig,
  sorted: SortedTensors,
  config: ModelConfig,
  { base = null, warn = () => {}, takeSaved }: BaseOptions,
): Promise<void> {
  const checkpoint = base === null ? null : await openCheckpoint(base.folder)
  try {
    const trained = settings.base_model_name_or_path ?? null
    const theirs = opened.metadata[FINGERPRINT]
    const same =
      checkpoint === null || theirs === undefined ? null : sameBase(theirs, await baseFingerprint(checkpoint))
    if (base !== null && same === false) {
      throw new UserError('adapterOtherWeights', { file: opened.file, base: base.name, trained: trained ?? '-' })
    }
    if (base !== null && same === null && trained !== null && !sameModelName(trained, base.name)) {
      warn(message('adapterOtherName', { file: settings.file, trained, base: base.name }))
    }
    for (const [name, entry] of sorted.saved) {
      if (await isOfBase(opened, name, entry, config, checkpoint)) continue
      const { file } = opened
      await checkTied(opened, name, sorted, settings, config)
      if (takeSaved === undefined) throw new UserError('adapterSavedWeights', { file, name: entry.name })
      takeSaved(ownName(name, config), entry)
    }
    checkSavedModules(settings, opened.file, sorted, config)
  } finally {
    await checkpoint?.close()
  }
}

/** The checkpoint's name of a weight: that of a tied head is the embedding's. */
function ownName(name: string, config: ModelConfig): string {
  return name === 'lm_head.weight' && config.tie_word_embeddings ? 'model.embed_tokens.weight' : name
}

/**
 * Throws UserError where embedding and head are tied in the base model, and were trained apart. Equal copies of both are one
 * matrix: PEFT writes them for `ensure_weight_tying`.
 */
async function checkTied(
  { file, read }: SafetensorsFile,
  name: string,
  { saved: found }: SortedTensors,
  settings: AdapterConfig,
  config: ModelConfig,
): Promise<void> {
  if (ownName(name, config) !== 'model.embed_tokens.weight' || !config.tie_word_embeddings) return
  const apart = saved(settings).some((module) => ['embed_tokens', 'lm_head'].includes(module.split('.').at(-1) ?? ''))
  const [embedding, head] = [found.get('model.embed_tokens.weight'), found.get('lm_head.weight')]
  const bytes = async (entry: Entry) => {
    const all = new Uint8Array(entry.end - entry.begin)
    await read(entry, 0, all)
    return all
  }
  const equal =
    embedding !== undefined &&
    (head === undefined ? !apart : Buffer.compare(await bytes(embedding), await bytes(head)) === 0)
  if (!equal) throw new UserError('adapterSavedTied', { file, name })
}

/** Whether a saved weight is the base model's own. Throws UserError if it does not fit. */
async function isOfBase(
  { file, read }: SafetensorsFile,
  name: string,
  entry: Entry,
  config: ModelConfig,
  checkpoint: OpenCheckpoint | null,
): Promise<boolean> {
  const own = ownName(name, config)
  const shape = checkpointShapes(config).get(own)
  if (shape === undefined) throw new UserError('adapterTensorUnknown', { file, name: entry.name })
  if (entry.shape.join() !== shape.join()) {
    const [rows = 0, hidden] = entry.shape
    const vocabulary = entry.shape.length === 2 && shape[0] === config.vocab_size && hidden === shape[1]
    if (vocabulary)
      throw new UserError('adapterOtherVocabulary', { file, name: entry.name, rows, vocabulary: shape[0]! })
    checkShapes(new Map([[entry.name, entry.shape]]), new Map([[entry.name, shape]]), () => file)
  }
  if (checkpoint === null || entry.dtype === 'U8') return false
  const width = byteLength(entry.dtype, [])
  return isEqual(checkpoint, own, entry.dtype, (from, count) => {
    const bytes = new Uint8Array(count * width)
    return read(entry, from * width, bytes).then(() => bytes)
  })
}

/** Whether numbers of `dtype` equal a tensor of the base model, rounded to that dtype. */
async function isEqual(
  checkpoint: OpenCheckpoint,
  name: string,
  dtype: 'F32' | 'F16' | 'BF16',
  bytesFrom: (offset: number, count: number) => Promise<Uint8Array>,
): Promise<boolean> {
  for await (const piece of checkpoint.pieces(name)) {
    const ours = narrow(widen(piece.bytes, piece.dtype), dtype)
    const theirs = await bytesFrom(piece.offset, ours.byteLength / byteLength(dtype, []))
    if (Buffer.compare(ours, theirs) !== 0) return false
  }
  return true
}

/** Refuses an adapter whose configuration speaks of trained weights of the model that its file lacks. */
function checkSavedModules(settings: AdapterConfig, file: string, sorted: SortedTensors, config: ModelConfig): void {
  const { bias } = settings
  const inModel = [...checkpointShapes(config).keys(), 'lm_head.weight']
  const [ofModel, ofFile] = [inModel, [...sorted.saved.keys()]].map((names) => new Set(names.flatMap(partsOf)))
  const biases = inModel.filter((name) => {
    if (!name.endsWith('.bias')) return false
    return bias === 'all' || (bias === 'lora_only' && sorted.modules.has(name.replace(/\.bias$/, '')))
  })
  const stated = [
    ...saved(settings).map((module) => ({ module, key: 'modules_to_save' })),
    ...biases.map((module) => ({ module, key: 'bias' })),
  ]
  const missing = stated.find(({ module }) => ofModel!.has(module) && !ofFile!.has(module))
  if (missing !== undefined) throw new UserError('adapterSavedMissing', { file, ...missing, config: settings.file })
}
