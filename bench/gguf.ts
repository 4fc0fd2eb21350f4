/** Writes the benches' models for llama.cpp. They have no tokenizer: their readers get token ids. */

import type { OpenCheckpoint } from '../main/engine/checkpoint/open-checkpoint.ts'
import { writeModel } from '../main/engine/gguf/model.ts'
import { TOKEN } from '../main/engine/gguf/types.ts'
import type { TypedValues } from '../main/engine/gguf/write.ts'

/** Writes a checkpoint to one file. Matrices are in bf16, as the native engine multiplies them. */
export function writeBenchGguf(file: string, { config, pieces }: OpenCheckpoint): Promise<void> {
  return writeModel(file, { name: 'bench', config, pieces, vocabulary: placeholders(config.vocab_size) }, 'BF16')
}

/** A vocabulary whose texts nobody reads. */
export function placeholders(size: number): TypedValues {
  const tokens = Array.from({ length: size }, (_, id) => `token ${id}`)
  return [
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', 'qwen2'],
    ['tokenizer.ggml.tokens', { strings: tokens }],
    ['tokenizer.ggml.token_type', { int32s: tokens.map(() => TOKEN.normal) }],
    ['tokenizer.ggml.merges', { strings: [] }],
  ]
}
