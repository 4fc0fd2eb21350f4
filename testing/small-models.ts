/** The small models on which engines and the agent are tested: one of each family, and a Qwen2 whose head is not tied. */
import type { ModelConfig } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'

export const TIED = qwen2({
  vocab_size: 23,
  hidden_size: 24,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
})
/** One layer, and an odd intermediate size. */
export const UNTIED = qwen2({
  ...TIED,
  hidden_size: 16,
  intermediate_size: 33,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  num_hidden_layers: 1,
  tie_word_embeddings: false,
})
/** Norms on q and k, and heads that are wider together than the hidden size. */
export const QWEN3: ModelConfig = { ...TIED, model_type: 'qwen3', head_dim: 10, attention_bias: false }
/** Heads wider than the hidden size. Of the five frequencies one stays, one is slowed down, and three are blended. */
export const LLAMA: ModelConfig = {
  ...UNTIED,
  model_type: 'llama',
  num_attention_heads: 4,
  head_dim: 10,
  attention_bias: false,
  rope_theta: 100,
  rope_scaling: {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 8,
    original_max_position_embeddings: 120,
  },
}
/** Long enough for pages, and as small as it can be. Its vocabulary is that of the shipped tokenizer. */
export const FOR_PAGES = qwen2({
  ...TIED,
  vocab_size: 1024,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 2048,
})
