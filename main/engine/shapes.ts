/** The published sizes of Qwen2, so that a run can be planned before its model is downloaded. */
import type { ModelConfig } from './engine.ts'
import { qwen2 } from './families.ts'

const COMMON = { rms_norm_eps: 1e-6, rope_theta: 1e6, max_position_embeddings: 32_768 }

const SHAPES: Readonly<Record<string, ModelConfig>> = {
  'Qwen2-0.5B': qwen2({
    ...COMMON,
    vocab_size: 151_936,
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    tie_word_embeddings: true,
  }),
  'Qwen2-1.5B': qwen2({
    ...COMMON,
    vocab_size: 151_936,
    hidden_size: 1536,
    intermediate_size: 8960,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    tie_word_embeddings: true,
  }),
  'Qwen2-7B': qwen2({
    ...COMMON,
    vocab_size: 152_064,
    hidden_size: 3584,
    intermediate_size: 18_944,
    num_hidden_layers: 28,
    num_attention_heads: 28,
    num_key_value_heads: 4,
    tie_word_embeddings: false,
  }),
}

/** The sizes whose configuration is known. */
export const PUBLISHED_SIZES = Object.keys(SHAPES)

/** The configuration of a size by its name on the hub, with or without `Qwen/` and `-Instruct`; undefined for others. */
export function publishedShape(name: string): ModelConfig | undefined {
  return SHAPES[name.replace(/^Qwen\//, '').replace(/-Instruct$/, '')]
}
