/** The published sizes of models, so that a run can be planned before its model is downloaded. */
import type { ModelConfig } from './engine.ts'
import { qwen2 } from './families.ts'

/** hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads. */
type Sizes = readonly [hidden: number, intermediate: number, layers: number, heads: number, keyValueHeads: number]

const plain = ([hidden, intermediate, layers, heads, keyValueHeads]: Sizes, vocabulary: number, tied: boolean) => ({
  vocab_size: vocabulary,
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: keyValueHeads,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 32_768,
  tie_word_embeddings: tied,
})

const qwen = (sizes: Sizes, vocabulary: number, tied: boolean) => qwen2(plain(sizes, vocabulary, tied))

const qwen3 = (sizes: Sizes, tied: boolean): ModelConfig => ({
  ...plain(sizes, 151_936, tied),
  model_type: 'qwen3',
  head_dim: 128,
  attention_bias: false,
  rope_scaling: null,
  max_position_embeddings: 40_960,
})

const smolLm2 = (sizes: Sizes, theta: number): ModelConfig => ({
  ...plain(sizes, 49_152, true),
  model_type: 'llama',
  head_dim: 64,
  attention_bias: false,
  rms_norm_eps: 1e-5,
  rope_theta: theta,
  rope_scaling: null,
  max_position_embeddings: 8192,
})

const HALF: Sizes = [896, 4864, 24, 14, 2]
const ONE_AND_A_HALF: Sizes = [1536, 8960, 28, 12, 2]
const SEVEN: Sizes = [3584, 18_944, 28, 28, 4]

const SHAPES: Readonly<Record<string, ModelConfig>> = {
  'Qwen2-0.5B': qwen(HALF, 151_936, true),
  'Qwen2-1.5B': qwen(ONE_AND_A_HALF, 151_936, true),
  'Qwen2-7B': qwen(SEVEN, 152_064, false),
  'Qwen2.5-0.5B': qwen(HALF, 151_936, true),
  'Qwen2.5-1.5B': qwen(ONE_AND_A_HALF, 151_936, true),
  'Qwen2.5-3B': qwen([2048, 11_008, 36, 16, 2], 151_936, true),
  'Qwen2.5-7B': qwen(SEVEN, 152_064, false),
  'Qwen3-0.6B': qwen3([1024, 3072, 28, 16, 8], true),
  'Qwen3-1.7B': qwen3([2048, 6144, 28, 16, 8], true),
  'Qwen3-4B': qwen3([2560, 9728, 36, 32, 8], true),
  'Qwen3-8B': qwen3([4096, 12_288, 36, 32, 8], false),
  'SmolLM2-135M': smolLm2([576, 1536, 30, 9, 3], 100_000),
  'SmolLM2-360M': smolLm2([960, 2560, 32, 15, 5], 100_000),
  'SmolLM2-1.7B': smolLm2([2048, 8192, 24, 32, 32], 130_000),
}

/** The sizes whose configuration is known. */
export const PUBLISHED_SIZES = Object.keys(SHAPES)

/**
 * The configuration of a size by its name on the hub, with or without its owner and `-Instruct`; undefined for others.
 * Qwen2.5-Coder has the shapes of Qwen2.5.
 */
export function publishedShape(name: string): ModelConfig | undefined {
  return SHAPES[
    name
      .replace(/^(Qwen|HuggingFaceTB)\//, '')
      .replace(/^(Qwen2\.5)-Coder/, '$1')
      .replace(/-Instruct$/, '')
  ]
}
