import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { type GgufEntry, type GgufValue, ggufBytes } from '../../../testing/gguf-file.ts'
import { ggufValues, TINY_GGUF } from '../../../testing/tiny-gguf.ts'
import type { ModelConfig } from '../engine.ts'
import { modelConfigOf } from './config.ts'
import { openGguf } from './parts.ts'
import { factorsOf, scalingOf } from './rope-scaling.ts'

let room: string
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'gguf-config-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** The configuration of a file with these values instead of the model's own, and these tensors. */
function configWith(
  config: ModelConfig,
  changes: Readonly<Record<string, GgufValue | null>> = {},
  tensors: readonly GgufEntry[] = [],
): ModelConfig {
  const values = new Map([...ggufValues(config), ...Object.entries(changes)])
  const kept = [...values].filter((pair): pair is [string, GgufValue] => pair[1] !== null)
  const embedding = { name: 'token_embd.weight', type: 'F32', shape: [config.vocab_size, 1] } as const
  const bytes = new Uint8Array(4 * config.vocab_size)
  const file = join(room, 'model.gguf')
  writeFileSync(file, ggufBytes({ values: kept, tensors: [{ ...embedding, bytes }, ...tensors] }))
  return modelConfigOf(openGguf(file))
}

const tied: ModelConfig = { ...TINY_GGUF, tie_word_embeddings: true }
const qwen3: ModelConfig = { ...tied, model_type: 'qwen3', attention_bias: false, head_dim: 128 }
const llama: ModelConfig = { ...tied, model_type: 'llama', attention_bias: false, rms_norm_eps: 1e-5, rope_theta: 5e5 }

describe('the metadata of each family is its configuration', () => {
  it.each([tied, qwen3, llama])('$model_type', (config) => {
    expect(configWith(config)).toEqual(config)
  })
})

test('keys that writers leave out have the values that llama.cpp takes', () => {
  const absent = ['attention.head_count_kv', 'attention.key_length', 'attention.value_length', 'rope.freq_base']
  const config = configWith(tied, Object.fromEntries(absent.map((key) => [`qwen2.${key}`, null])))
  expect(config).toEqual({ ...tied, num_key_value_heads: 4, rope_theta: 10_000 })
})

test('a file without an embedding lacks it', () => {
  const file = join(room, 'model.gguf')
  writeFileSync(file, ggufBytes({ values: ggufValues(tied) }))
  expect(() => modelConfigOf(openGguf(file))).toThrow(/lacks the tensor token_embd\.weight/)
})

test('a head in the file is used', () => {
  const head: GgufEntry = { name: 'output.weight', type: 'F32', shape: [1], bytes: new Uint8Array(4) }
  expect(configWith(tied, {}, [head]).tie_word_embeddings).toBe(false)
})

test('what this lab does not compute is refused by name', () => {
  const refused: [Readonly<Record<string, GgufValue | null>>, RegExp][] = [
    [
      { 'general.architecture': { string: 'gemma3' } },
      /architecture gemma3; this lab computes qwen2, qwen3, llama\. Use/,
    ],
    [{ 'general.architecture': null }, /architecture -; this lab computes/],
    [{ 'general.architecture': { string: 'x\n'.repeat(5000) } }, /architecture (x ){40}\.\.\.; this/],
    [{ 'general.type': { string: 'adapter' } }, /holds no model \(its general\.type is adapter\)/],
    [{ 'qwen2.block_count': null }, /model\.gguf: qwen2\.block_count is missing/],
    [{ 'qwen2.block_count': { uint32: 0 } }, /model\.gguf: qwen2\.block_count must be .*; this lab does not compute/],
    [{ 'qwen2.embedding_length': { uint32: 0xffffffff } }, /qwen2\.embedding_length must be/],
    [{ 'qwen2.context_length': { uint32: 0 } }, /qwen2\.context_length must be/],
    [{ 'qwen2.attention.head_count_kv': { uint32: 3 } }, /head_count_kv must divide the number of attention heads/],
    [{ 'qwen2.feed_forward_length': { float32: 1.5 } }, /qwen2\.feed_forward_length must be/],
    [{ 'qwen2.attention.head_count': { array: 'int32', of: [4, 2] } }, /qwen2\.attention\.head_count must be a number/],
    [{ 'qwen2.expert_count': { uint32: 8 } }, /qwen2\.expert_count must be 0/],
    [{ 'qwen2.rope.scaling.type': { string: 'yarn' } }, /qwen2\.rope\.scaling\.type must be none/],
    [{ 'qwen2.attention.value_length': { uint32: 32 } }, /qwen2\.attention\.value_length is 32, but each head has 64/],
    [{ 'qwen2.rope.dimension_count': { uint32: 32 } }, /qwen2\.rope\.dimension_count is 32, but each head has 64/],
  ]
  for (const [changes, told] of refused) expect(() => configWith(tied, changes)).toThrow(told)
})

describe("Llama 3's scaling of positions", () => {
  const published = { rope_type: 'llama3', factor: 32, low_freq_factor: 1, high_freq_factor: 4 } as const
  const factors = (scaling: NonNullable<ModelConfig['rope_scaling']>) =>
    Float32Array.from(factorsOf(scaling, 32, llama.rope_theta))

  it.each([
    { ...published, original_max_position_embeddings: 8192 },
    { ...published, factor: 4, original_max_position_embeddings: 64 },
    { ...published, factor: 8, high_freq_factor: 2.5, original_max_position_embeddings: 1024 },
  ])('is found from its factors: $factor, $original_max_position_embeddings', (scaling) => {
    const bytes = new Uint8Array(factors(scaling).buffer)
    const found = configWith(llama, {}, [{ name: 'rope_freqs.weight', type: 'F32', shape: [32], bytes }]).rope_scaling
    expect(found).toMatchObject({ factor: scaling.factor, rope_type: 'llama3' })
    for (const [pair, factor] of factors(found!).entries()) {
      expect(factor / factors(scaling)[pair]!).toBeCloseTo(1, 5)
    }
  })

  it('factors of 1 are none, and others that do not come of it are refused', () => {
    const tensor = (numbers: Float32Array): GgufEntry => ({
      name: 'rope_freqs.weight',
      type: 'F32',
      shape: [numbers.length],
      bytes: new Uint8Array(numbers.buffer),
    })
    expect(configWith(llama, {}, [tensor(new Float32Array(32).fill(1))]).rope_scaling).toBe(null)
    const told = /rope_freqs\.weight does not agree with Llama 3's rope_scaling/
    expect(() => configWith(llama, {}, [tensor(new Float32Array(32).fill(3).fill(2, 0, 9))])).toThrow(told)
    expect(() => configWith(llama, {}, [tensor(new Float32Array(31).fill(1))])).toThrow(told)
    expect(scalingOf(Float32Array.of(1, Number.NaN), 1e4)).toBe(undefined)
    expect(scalingOf(Float32Array.of(1, 0), 1e4)).toBe(undefined)
  })
})
