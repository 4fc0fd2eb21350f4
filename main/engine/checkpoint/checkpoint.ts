/** Checkpoints: a folder in Hugging Face layout, or a GGUF file. */
import { join } from 'node:path'
import { writeFileAtomic } from '../../files/file.ts'
import { replaceFiles } from '../../files/folder.ts'
import type { ModelConfig, Tensor, Tensors } from '../engine.ts'
import { FAMILIES } from '../families.ts'
import { openGgufCheckpoint } from '../gguf/checkpoint.ts'
import { isGguf } from '../gguf/parts.ts'
import { checkpointShapes } from '../weights.ts'
import { openFolder } from './folder-checkpoint.ts'
import type { OpenCheckpoint } from './open-checkpoint.ts'
import { writeSafetensors } from './safetensors.ts'

export interface Checkpoint {
  readonly config: ModelConfig
  readonly tensors: Tensors
}

/**
 * Opens the weights of a model: reads the headers of the files in its folder, or of its GGUF file.
 * @throws UserError if a file is missing, cut off or of another architecture, or its tensors differ from those that the
 *   configuration needs.
 */
export function openCheckpoint(model: string): Promise<OpenCheckpoint> {
  return isGguf(model) ? openGgufCheckpoint(model) : openFolder(model)
}

/**
 * Reads a whole checkpoint, with every weight as float32.
 * @throws UserError as openCheckpoint does, and if a number is not finite.
 */
export async function loadCheckpoint(model: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(model)
  try {
    const tensors = new Map<string, Tensor>()
    for (const name of checkpointShapes(checkpoint.config).keys()) tensors.set(name, await checkpoint.read(name))
    return { config: checkpoint.config, tensors }
  } finally {
    await checkpoint.close()
  }
}

/**
 * Writes a checkpoint that transformers can load into a folder, all of it or nothing. `files` are further files by name:
 * the tokenizer's, a model card. Files of other names stay.
 */
export async function saveCheckpoint(
  folder: string,
  config: ModelConfig,
  tensors: Tensors,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const written = {
    architectures: [FAMILIES[config.model_type].architecture],
    hidden_act: 'silu',
    attention_dropout: 0,
    use_sliding_window: false,
    torch_dtype: 'float32',
    ...config,
    // Qwen2 has its biases without saying so.
    attention_bias: config.model_type === 'qwen2' ? undefined : config.attention_bias,
  }
  await replaceFiles(folder, (next) => {
    for (const [name, text] of Object.entries(files)) writeFileAtomic(join(next, name), text)
    writeFileAtomic(join(next, 'config.json'), `${JSON.stringify(written, null, 2)}\n`)
    writeSafetensors(join(next, 'model.safetensors'), tensors)
  })
}
