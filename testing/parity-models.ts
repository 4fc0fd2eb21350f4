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

/** The model whose results are stored in parity-transformers.safetensors. */
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
