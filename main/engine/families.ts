/** The families of decoders that the lab computes, by the model_type of their config.json. */
import type { ModelConfig, ModelType } from './engine.ts'

interface Family {
  /** The class of transformers with a head over the vocabulary. */
  readonly architecture: string
  /** Whether q, k and v have biases. */
  readonly attention_bias: boolean
  /** Whether each head of q and k is normalised before its rotation (Qwen3, arXiv:2505.09388). */
  readonly qk_norm: boolean
}

export const FAMILIES: Readonly<Record<ModelType, Family>> = {
  qwen2: { architecture: 'Qwen2ForCausalLM', attention_bias: true, qk_norm: false },
  qwen3: { architecture: 'Qwen3ForCausalLM', attention_bias: false, qk_norm: true },
  llama: { architecture: 'LlamaForCausalLM', attention_bias: false, qk_norm: false },
}

export const MODEL_TYPES = Object.keys(FAMILIES) as ModelType[]

/** What a configuration says beside its family. */
type Sizes = Omit<ModelConfig, 'model_type' | 'head_dim' | 'attention_bias' | 'rope_scaling'>

/** A configuration of Qwen2, whose heads share the hidden size. */
export function qwen2(sizes: Sizes): ModelConfig {
  return {
    ...sizes,
    model_type: 'qwen2',
    head_dim: sizes.hidden_size / sizes.num_attention_heads,
    attention_bias: FAMILIES.qwen2.attention_bias,
    rope_scaling: null,
  }
}
