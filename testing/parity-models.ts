/** The models, adapters and tokens that are compared with transformers and PEFT. A seed determines them. */
import { PROJECTIONS } from '../main/config/choices.ts'
import type { Forest, LoraConfig, ModelConfig, Tensors } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomAdapter, randomModel } from './random-model.ts'

export interface ParityModel {
  readonly name: string
  readonly config: ModelConfig
  /** The number of tokens of the sequence. */
  readonly length: number
}

/** Qwen2 as it is published: tied or not, with biases. */
export const FIXTURE: ParityModel = {
  name: 'tied, two heads a key head',
  length: 48,
  config: qwen2({
    vocab_size: 160,
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
  }),
}

/** Norms on q and k, and heads that are wider together than the hidden size. */
export const QWEN3: ParityModel = {
  name: 'Qwen3, heads wider than the hidden size',
  length: 48,
  config: { ...FIXTURE.config, model_type: 'qwen3', head_dim: 24, attention_bias: false },
}

/** Of the eight frequencies one stays, two are blended, and five are slowed down. */
export const LLAMA: ParityModel = {
  name: 'Llama, untied, llama3 positions',
  length: 48,
  config: {
    ...FIXTURE.config,
    model_type: 'llama',
    attention_bias: false,
    tie_word_embeddings: false,
    rope_scaling: {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    },
  },
}

/** The models whose results are stored in parity-transformers.safetensors, below their model_type. */
export const FIXTURES: readonly ParityModel[] = [FIXTURE, QWEN3, LLAMA]

const LORA: LoraConfig = { r: 2, lora_alpha: 6, lora_dropout: 0, target_modules: PROJECTIONS }

export function parityModel({ config, length }: ParityModel) {
  const uniform = uniformStream(3)
  const tokens = Int32Array.from({ length }, () => Math.floor(uniform() * config.vocab_size))
  const std = 1 / Math.sqrt(config.hidden_size)
  const base: Tensors = randomModel(config, 1, std)
  const adapter: Tensors = randomAdapter(config, LORA, 2, std)
  /** The positions at which the whole vocabulary's log-probabilities are compared. */
  const places = [0, Math.floor(length / 2), length - 1]
  return { config, base, lora: LORA, adapter, tokens, places }
}

/** All tokens but the first are targets. */
export function parityForest(tokens: Int32Array): Forest {
  return [{ tokens, parent: -1, targetStart: 1 }]
}

/** d loss / d logprob of each target. */
export function slopes(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1))
}
