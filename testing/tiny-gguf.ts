/** For tests: a model of kilobytes as a GGUF file, as llama.cpp's converter writes it. */
import type { ModelConfig, Tensors } from '../main/engine/engine.ts'
import { FAMILIES } from '../main/engine/families.ts'
import { ggufName } from '../main/engine/gguf/names.ts'
import { bytesOf, GGUF_TYPES, type GgufType, TENSOR, TOKEN } from '../main/engine/gguf/types.ts'
import { uniformStream } from '../main/engine/random.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { type GgufEntry, type GgufValue, ggufBytes } from './gguf-file.ts'
import { CHATML, IM_END, TINY_VOCAB_SIZE, tinyTokenizer } from './tiny-tokenizer.ts'

/** Sizes in which every type's blocks fit. */
export const TINY_GGUF: ModelConfig = {
  model_type: 'qwen2',
  vocab_size: TINY_VOCAB_SIZE,
  hidden_size: 256,
  intermediate_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 64,
  attention_bias: FAMILIES.qwen2.attention_bias,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  rope_scaling: null,
  max_position_embeddings: 128,
  tie_word_embeddings: false,
}

/** The metadata of a model, and of its tokenizer with the pre-tokenizer of that name. */
export function ggufValues(config: ModelConfig, pre = 'gpt-2'): [key: string, value: GgufValue][] {
  const own = Object.entries({
    context_length: { uint32: config.max_position_embeddings },
    embedding_length: { uint32: config.hidden_size },
    block_count: { uint32: config.num_hidden_layers },
    feed_forward_length: { uint32: config.intermediate_size },
    'attention.head_count': { uint32: config.num_attention_heads },
    'attention.head_count_kv': { uint32: config.num_key_value_heads },
    'attention.key_length': { uint32: config.head_dim },
    'attention.value_length': { uint32: config.head_dim },
    'attention.layer_norm_rms_epsilon': { float32: config.rms_norm_eps },
    'rope.freq_base': { float32: config.rope_theta },
  }).map(([key, value]): [string, GgufValue] => [`${config.model_type}.${key}`, value])
  return [['general.architecture', { string: config.model_type }], ...own, ...tokenizerValues(config.vocab_size, pre)]
}

function tokenizerValues(vocabSize: number, pre: string): [key: string, value: GgufValue][] {
  const { model, added_tokens } = tinyTokenizer()
  const texts = Object.entries(model.vocab).sort(([, a], [, b]) => a - b)
  const tokens = Array.from({ length: vocabSize }, (_, id) => texts[id]?.[0] ?? `[PAD${id}]`)
  const types = tokens.map((token, id) => {
    if (added_tokens.some(({ content }) => content === token)) return TOKEN.control
    return id < texts.length ? TOKEN.normal : TOKEN.unused
  })
  return [
    ['tokenizer.ggml.model', { string: 'gpt2' }],
    ['tokenizer.ggml.pre', { string: pre }],
    ['tokenizer.ggml.tokens', { array: 'string', of: tokens }],
    ['tokenizer.ggml.token_type', { array: 'int32', of: types }],
    ['tokenizer.ggml.merges', { array: 'string', of: model.merges }],
    ['tokenizer.ggml.eos_token_id', { uint32: IM_END }],
    ['tokenizer.chat_template', { string: CHATML }],
  ]
}

/** A model's tensors as float32. q and k of Llama are in llama.cpp's order of rows. */
export function ggufTensors(config: ModelConfig, tensors: Tensors): GgufEntry[] {
  return [...tensors].map(([name, { shape, data }]) => {
    const isPaired = config.model_type === 'llama' && /\.[qk]_proj\./.test(name)
    const numbers = isPaired ? paired(data, data.length / shape[0]!, config.head_dim) : data
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
    return { name: ggufName(name)!, type: 'F32', shape, bytes }
  })
}

/** The converter's permute: weights.reshape(heads, 2, dim / 2, columns).swapaxes(1, 2). */
export function paired(data: Float32Array, columns: number, dim: number): Float32Array {
  const result = new Float32Array(data.length)
  for (let row = 0, head = 0; head < data.length; head += dim * columns) {
    for (let pair = 0; pair < dim / 2; pair++) {
      for (const half of [0, dim / 2]) {
        const from = head + (half + pair) * columns
        result.set(data.subarray(from, from + columns), columns * row++)
      }
    }
  }
  return result
}

/** The places of the halves in a block. */
const SCALES: Readonly<Record<GgufType, readonly number[]>> = {
  F32: [],
  F16: [],
  BF16: [],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
}

/** Random blocks of so many small numbers. */
export function randomBlocks(type: GgufType, numbers: number, seed: number): Uint8Array {
  const random = uniformStream(seed)
  const bytes = new Uint8Array(bytesOf(type, numbers))
  if (SCALES[type].length === 0) {
    const small = Float32Array.from({ length: numbers }, () => (random() - 0.5) / 8)
    if (type === 'F32') return new Uint8Array(small.buffer)
    if (type === 'F16') return new Uint8Array(new Float16Array(small).buffer)
    // The upper halves of float32 numbers are bf16.
    return new Uint8Array(Uint16Array.from(new Uint32Array(small.buffer), (bits) => bits >>> 16).buffer)
  }
  for (let at = 0; at < bytes.length; at++) bytes[at] = 256 * random()
  const scale = new Uint8Array(Float16Array.of(0.0001).buffer)
  for (let block = 0; block < bytes.length; block += TENSOR[type].bytes) {
    for (const place of SCALES[type]) bytes.set(scale, block + place)
  }
  return bytes
}

/** A file of TINY_GGUF in which every type that the lab reads holds at least one tensor; and tied, it has no head. */
export function tinyGguf(config: ModelConfig = TINY_GGUF, pre?: string): Buffer {
  let turn = 0
  const tensors = [...checkpointShapes(config)].map(([name, shape], index): GgufEntry => {
    const type = shape.length === 1 ? 'F32' : GGUF_TYPES[turn++ % GGUF_TYPES.length]!
    const numbers = shape.reduce((product, n) => product * n, 1)
    return { name: ggufName(name)!, type, shape, bytes: randomBlocks(type, numbers, index) }
  })
  return ggufBytes({ values: ggufValues(config, pre), tensors })
}
