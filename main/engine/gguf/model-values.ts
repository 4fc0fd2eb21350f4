/** A model's configuration as values of GGUF's metadata, as llama.cpp's converter writes them. */
import type { ModelConfig } from '../engine.ts'
import { FILE_TYPES, type WrittenType } from './encode.ts'
import type { TypedValue, TypedValues } from './write.ts'

/** The version of ggml's block formats. */
const QUANTIZATION_VERSION = 2

/** The values of a model under the given name, whose matrices are of the given type. */
export function modelValues(name: string, config: ModelConfig, type: WrittenType): TypedValues {
  const { model_type, head_dim, hidden_size, num_attention_heads } = config
  const own: Record<string, TypedValue> = {
    context_length: { uint32: config.max_position_embeddings },
    embedding_length: { uint32: hidden_size },
    block_count: { uint32: config.num_hidden_layers },
    feed_forward_length: { uint32: config.intermediate_size },
    vocab_size: { uint32: config.vocab_size },
    'attention.head_count': { uint32: num_attention_heads },
    'attention.head_count_kv': { uint32: config.num_key_value_heads },
    'attention.layer_norm_rms_epsilon': { float32: config.rms_norm_eps },
    'rope.freq_base': { float32: config.rope_theta },
    'rope.dimension_count': { uint32: head_dim },
    ...(head_dim * num_attention_heads !== hidden_size && {
      'attention.key_length': { uint32: head_dim },
      'attention.value_length': { uint32: head_dim },
    }),
  }
  return [
    ['general.architecture', model_type],
    ['general.type', 'model'],
    ['general.name', name],
    ['general.file_type', { uint32: FILE_TYPES[type] }],
    ['general.quantization_version', { uint32: QUANTIZATION_VERSION }],
    ...Object.entries(own).map(([key, value]) => [`${model_type}.${key}`, value] as const),
  ]
}
