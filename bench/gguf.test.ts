import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openCheckpoint, saveCheckpoint } from '../main/engine/checkpoint.ts'
import { widen } from '../main/engine/dtype.ts'
import { qwen2 } from '../main/engine/families.ts'
import { randomModel } from '../testing/random-model.ts'
import { ggufName, writeGguf } from './gguf.ts'

const config = qwen2({
  vocab_size: 11,
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 64,
  tie_word_embeddings: false,
})

/** Parses a GGUF file by the format's description: values by key, tensors with the places of their bytes. */
function parse(file: Buffer) {
  let at = 0
  const next = (length: number) => {
    at += length
    return file.subarray(at - length, at)
  }
  const uint32 = () => next(4).readUInt32LE()
  const uint64 = () => Number(next(8).readBigUInt64LE())
  const text = () => next(uint64()).toString()
  const value = (type: number): unknown => {
    if (type === 4 || type === 5) return uint32()
    if (type === 6) return next(4).readFloatLE()
    if (type === 8) return text()
    const element = uint32()
    return Array.from({ length: uint64() }, () => value(element))
  }
  expect(next(4).toString()).toBe('GGUF')
  expect(uint32()).toBe(3)
  const [tensorCount, valueCount] = [uint64(), uint64()]
  const values = new Map(Array.from({ length: valueCount }, () => [text(), value(uint32())]))
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text()
    const sizes = Array.from({ length: uint32() }, uint64)
    return { name, sizes, type: uint32(), offset: uint64() }
  })
  const data = Math.ceil(at / 32) * 32
  return { values, tensors: new Map(tensors.map((each) => [each.name, each])), data }
}

test('a checkpoint becomes a file with llama.cpp’s names, sizes and numbers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gguf-'))
  try {
    const model = randomModel(config, 1)
    await saveCheckpoint(join(folder, 'model'), config, model)
    const checkpoint = await openCheckpoint(join(folder, 'model'))
    await writeGguf(join(folder, 'model.gguf'), checkpoint)
    await checkpoint.close()
    const file = await readFile(join(folder, 'model.gguf'))
    const { values, tensors, data } = parse(file)
    expect(Object.fromEntries(values)).toMatchObject({
      'general.architecture': 'qwen2',
      'qwen2.block_count': 2,
      'qwen2.attention.head_count_kv': 1,
      'qwen2.rope.freq_base': 10_000,
    })
    expect(values.get('tokenizer.ggml.tokens')).toHaveLength(config.vocab_size)
    expect(tensors.size).toBe(model.size)
    for (const [name, { shape, data: numbers }] of model) {
      const tensor = tensors.get(ggufName(name))!
      expect(tensor).toMatchObject({ sizes: shape.toReversed(), type: shape.length === 1 ? 0 : 30 })
      const bytes = Uint8Array.from(file.subarray(data + tensor.offset)).subarray(
        0,
        numbers.length * (tensor.type ? 2 : 4),
      )
      const kept = widen(bytes, tensor.type ? 'BF16' : 'F32')
      // bf16 keeps 8 bits of the mantissa.
      kept.forEach((value, i) => {
        expect(Math.abs(value - numbers[i]!)).toBeLessThanOrEqual(tensor.type ? Math.abs(numbers[i]!) / 256 : 0)
      })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
