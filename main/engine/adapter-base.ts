/** Checks an adapter against the base model that it is loaded for: its origin, and copies of the base's weights in its file. */
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { type AdapterConfig, saved } from './adapter-config.ts'
import type { SortedTensors } from './adapter-tensors.ts'
import { type BaseModel, baseFingerprint, FINGERPRINT, sameBase, sameModelName } from './base-identity.ts'
import { type OpenCheckpoint, openCheckpoint } from './checkpoint.ts'
import { narrow, widen } from './dtype.ts'
import type { Qwen2Config } from './engine.ts'
import { checkShapes } from './model-file.ts'
import { byteLength, type Entry, type SafetensorsFile } from './safetensors.ts'
import { checkpointShapes } from './weights.ts'

/**
 * Checks an adapter against a base model; without one, only its shapes. `warn` hears that the base has another name.
 * @throws UserError if it was trained on other weights, or holds trained weights of the base model beside LoRA.
 */
export async function checkBase(
  opened: SafetensorsFile,
  settings: AdapterConfig,
  sorted: SortedTensors,
  config: Qwen2Config,
  base: BaseModel | null,
  warn: (told: Message) => void,
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
    for (const [name, entry] of sorted.saved) await checkSaved(opened, name, entry, config, checkpoint)
    checkSavedModules(settings, opened.file, sorted, config)
  } finally {
    await checkpoint?.close()
  }
}

/** Accepts a saved weight if it is the base model's own. */
async function checkSaved(
  { file, read }: SafetensorsFile,
  name: string,
  entry: Entry,
  config: Qwen2Config,
  checkpoint: OpenCheckpoint | null,
): Promise<void> {
  const tied = name === 'lm_head.weight' && config.tie_word_embeddings
  const own = tied ? 'model.embed_tokens.weight' : name
  const shape = checkpointShapes(config).get(own)
  if (shape === undefined) throw new UserError('adapterTensorUnknown', { file, name: entry.name })
  if (entry.shape.join() !== shape.join()) {
    const [rows = 0, hidden] = entry.shape
    const vocabulary = entry.shape.length === 2 && shape[0] === config.vocab_size && hidden === shape[1]
    if (vocabulary)
      throw new UserError('adapterOtherVocabulary', { file, name: entry.name, rows, vocabulary: shape[0]! })
    checkShapes(new Map([[entry.name, entry.shape]]), new Map([[entry.name, shape]]), () => file)
  }
  if (checkpoint !== null && entry.dtype !== 'U8') {
    const width = byteLength(entry.dtype, [])
    const equal = await isEqual(checkpoint, own, entry.dtype, (from, count) => {
      const bytes = new Uint8Array(count * width)
      return read(entry, from * width, bytes).then(() => bytes)
    })
    if (equal) return
  }
  throw new UserError('adapterSavedWeights', { file, name: entry.name })
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
function checkSavedModules(settings: AdapterConfig, file: string, sorted: SortedTensors, config: Qwen2Config): void {
  const { bias } = settings
  const inModel = [...checkpointShapes(config).keys(), 'lm_head.weight']
  const holds = (names: Iterable<string>, part: string) => [...names].some((name) => `.${name}.`.includes(`.${part}.`))
  const biases = inModel.filter((name) => {
    if (!name.endsWith('.bias')) return false
    return bias === 'all' || (bias === 'lora_only' && sorted.modules.has(name.replace(/\.bias$/, '')))
  })
  const stated = [
    ...saved(settings).map((module) => ({ module, key: 'modules_to_save' })),
    ...biases.map((module) => ({ module, key: 'bias' })),
  ]
  const missing = stated.find(({ module }) => holds(inModel, module) && !holds(sorted.saved.keys(), module))
  if (missing !== undefined) throw new UserError('adapterSavedMissing', { file, ...missing, config: settings.file })
}
