/**
 * Writes a Qwen2 checkpoint as GGUF, llama.cpp's format (version 3:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), so that llama.cpp uses the same weights. Matrices are in
 * bf16, as the native engine multiplies them.
 */
import { narrow, widen } from '../main/engine/dtype.ts'
import type { ModelConfig } from '../main/engine/engine.ts'
import type { OpenCheckpoint } from '../main/engine/open-checkpoint.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { writeStreamAtomic } from '../main/files/file.ts'

const VERSION = 3
/** A tensor's position in the file is a multiple of this many bytes. */
const ALIGNMENT = 32
/** GGUF's codes for the types of values. */
const VALUE = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const
/** ggml's codes for the types of tensors. llama.cpp supports biases and norms in float32 only. */
const TENSOR = { F32: { type: 0, bytes: 4 }, BF16: { type: 30, bytes: 2 } } as const
/** llama_ftype MOSTLY_BF16. */
const FILE_TYPE = 32
/** llama_token_type NORMAL. */
const NORMAL_TOKEN = 1

/** A checkpoint's names, without their layer, and llama.cpp's names for them. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens\./, 'token_embd.'],
  [/^model\.norm\./, 'output_norm.'],
  [/^lm_head\./, 'output.'],
  [/^model\.layers\.(\d+)\.input_layernorm\./, 'blk.$1.attn_norm.'],
  [/^model\.layers\.(\d+)\.post_attention_layernorm\./, 'blk.$1.ffn_norm.'],
  [/^model\.layers\.(\d+)\.self_attn\.([qkv])_proj\./, 'blk.$1.attn_$2.'],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj\./, 'blk.$1.attn_output.'],
  [/^model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj\./, 'blk.$1.ffn_$2.'],
]

/**
 * Writes the checkpoint to one file, a piece at a time. The texts of its vocabulary are placeholders: its readers get token
 * ids.
 */
export async function writeGguf(file: string, checkpoint: OpenCheckpoint): Promise<void> {
  const { config } = checkpoint
  const tensors = [...checkpointShapes(config)].map(([name, shape]) => {
    const dtype = shape.length === 1 ? ('F32' as const) : ('BF16' as const)
    return { name, shape, dtype, bytes: shape.reduce((product, n) => product * n, TENSOR[dtype].bytes) }
  })
  const values = metadata(config)
  const header = new Bytes()
  header.raw(new TextEncoder().encode('GGUF')).uint32(VERSION).uint64(tensors.length).uint64(values.length)
  for (const [key, value] of values) {
    header.string(key)
    if (typeof value === 'string') header.uint32(VALUE.string).string(value)
    else if ('uint32' in value) header.uint32(VALUE.uint32).uint32(value.uint32)
    else if ('float32' in value) header.uint32(VALUE.float32).float32(value.float32)
    else if ('strings' in value) {
      header.uint32(VALUE.array).uint32(VALUE.string).uint64(value.strings.length)
      for (const text of value.strings) header.string(text)
    } else {
      header.uint32(VALUE.array).uint32(VALUE.int32).uint64(value.int32s.length)
      for (const number of value.int32s) header.uint32(number)
    }
  }
  let offset = 0
  for (const { name, shape, dtype, bytes } of tensors) {
    // ggml lists the contiguous dimension first.
    header.string(ggufName(name)).uint32(shape.length)
    for (const size of shape.toReversed()) header.uint64(size)
    header.uint32(TENSOR[dtype].type).uint64(offset)
    offset += aligned(bytes)
  }
  await writeStreamAtomic(file, async (write) => {
    const front = header.done()
    await write(front)
    await write(new Uint8Array(aligned(front.length) - front.length))
    for (const { name, dtype, bytes } of tensors) {
      for await (const piece of checkpoint.pieces(name)) {
        // Copied to memory of their own, so that they are aligned and can be viewed as numbers.
        const own = piece.bytes.slice()
        await write(piece.dtype === dtype ? own : narrow(widen(own, piece.dtype), dtype))
      }
      await write(new Uint8Array(aligned(bytes) - bytes))
    }
  })
}

/** llama.cpp's name of a checkpoint's tensor. */
export function ggufName(name: string): string {
  const found = NAMES.find(([pattern]) => pattern.test(name))
  if (found === undefined) throw new Error(`llama.cpp has no name for ${name}`)
  return name.replace(found[0], found[1])
}

type Value = string | { uint32: number } | { float32: number } | { strings: string[] } | { int32s: number[] }

function metadata(config: ModelConfig): [key: string, value: Value][] {
  const tokens = Array.from({ length: config.vocab_size }, (_, id) => `token ${id}`)
  return [
    ['general.architecture', 'qwen2'],
    ['general.file_type', { uint32: FILE_TYPE }],
    ['general.alignment', { uint32: ALIGNMENT }],
    ['qwen2.context_length', { uint32: config.max_position_embeddings }],
    ['qwen2.embedding_length', { uint32: config.hidden_size }],
    ['qwen2.block_count', { uint32: config.num_hidden_layers }],
    ['qwen2.feed_forward_length', { uint32: config.intermediate_size }],
    ['qwen2.attention.head_count', { uint32: config.num_attention_heads }],
    ['qwen2.attention.head_count_kv', { uint32: config.num_key_value_heads }],
    ['qwen2.attention.layer_norm_rms_epsilon', { float32: config.rms_norm_eps }],
    ['qwen2.rope.freq_base', { float32: config.rope_theta }],
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', 'qwen2'],
    ['tokenizer.ggml.tokens', { strings: tokens }],
    ['tokenizer.ggml.token_type', { int32s: tokens.map(() => NORMAL_TOKEN) }],
    ['tokenizer.ggml.merges', { strings: [] }],
  ]
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

/** Writes little-endian numbers and texts, one after the other. */
class Bytes {
  readonly #parts: Uint8Array[] = []

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    return this
  }

  uint32(value: number): this {
    return this.raw(new Uint8Array(Uint32Array.of(value).buffer))
  }

  uint64(value: number): this {
    return this.raw(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer))
  }

  float32(value: number): this {
    return this.raw(new Uint8Array(Float32Array.of(value).buffer))
  }

  string(text: string): this {
    const bytes = new TextEncoder().encode(text)
    return this.uint64(bytes.length).raw(bytes)
  }

  done(): Uint8Array {
    return Buffer.concat(this.#parts)
  }
}
