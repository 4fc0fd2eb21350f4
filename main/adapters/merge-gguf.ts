/** Writes a base model and an adapter as GGUF, llama.cpp's format: merged in one file, or the adapter alone. */
import { basename } from 'node:path'
import { loadAdapter } from '../engine/adapter/adapter.ts'
import { openCheckpoint } from '../engine/checkpoint/checkpoint.ts'
import { readPromptName } from '../engine/checkpoint/model-files.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { writeLora } from '../engine/gguf/lora.ts'
import { writeModel } from '../engine/gguf/model.ts'
import { bytesOf } from '../engine/gguf/types.ts'
import { readVocabulary } from '../engine/gguf/vocabulary.ts'
import { checkpointShapes, countNumbers } from '../engine/weights.ts'
import { shownPath } from '../files/paths.ts'
import { message } from '../messages/message.ts'
import type { GgufForm } from './forms.ts'
import { usingMerged, type WriteOptions } from './merged-weights.ts'

/**
 * Writes the file `target`, which llama.cpp loads: the merged model with its tokenizer, or the adapter, which llama.cpp adds
 * to the base model in GGUF. Tensors are processed in pieces, never whole.
 * @throws UserError where base or adapter are unusable or do not fit together, or more than LoRA was trained and only the
 *   adapter is asked for; the signal's reason where it was aborted.
 */
export async function writeMergedGguf(
  base: string,
  adapterFolder: string,
  target: string,
  form: GgufForm,
  options: WriteOptions,
): Promise<void> {
  if (form === 'LoRA') return writeAdapter(base, adapterFolder, target, options)
  await usingMerged(base, adapterFolder, options, async ({ checkpoint: { config }, adapter, pieces }) => {
    const { values: vocabulary, same } = await readVocabulary(base, config.vocab_size)
    if (!same) options.warn?.(message('mergeGgufPreTokenizer'))
    const prompt = adapter.prompt ?? readPromptName(base)
    const merge = { base: shownPath(base), adapter: shownPath(adapterFolder) }
    const model = { name: nameOf(target), config, pieces, vocabulary, prompt, merge }
    await writeModel(target, model, form, options.onProgress)
  })
}

async function writeAdapter(
  base: string,
  adapterFolder: string,
  target: string,
  { warn = () => {}, onProgress }: WriteOptions,
): Promise<void> {
  const { config, close } = await openCheckpoint(base)
  await close()
  const adapter = await loadAdapter(adapterFolder, config, { base: { name: base, folder: base }, warn })
  await writeLora(target, nameOf(target), config, adapter, onProgress)
}

function nameOf(target: string): string {
  return basename(target, '.gguf')
}

/** The approximate size of such a file, in bytes. */
export function ggufBytes(config: ModelConfig, form: GgufForm): number {
  // A LoRA adapter has few numbers.
  return form === 'LoRA' ? 0 : bytesOf(form, countNumbers(checkpointShapes(config)))
}
