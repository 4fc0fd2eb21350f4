import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { ggufBytes } from '../../../testing/gguf-file.ts'
import { testNative } from '../../../testing/native.ts'
import { randomModel } from '../../../testing/random-model.ts'
import { ggufTensors, ggufValues, TINY_GGUF, tinyGguf } from '../../../testing/tiny-gguf.ts'
import { loadCheckpoint, openCheckpoint } from '../checkpoint/checkpoint.ts'
import type { ModelConfig } from '../engine.ts'
import { loadEngine } from '../load.ts'
import { checkpointShapes } from '../weights.ts'
import { dequantize } from './blocks.ts'
import { ggufName } from './names.ts'
import { openGguf } from './parts.ts'
import { GGUF_TYPES } from './types.ts'

let room: string
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'gguf-checkpoint-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

function write(name: string, bytes: Uint8Array): string {
  const file = join(room, name)
  writeFileSync(file, bytes)
  return file
}

const untied: ModelConfig = { ...TINY_GGUF, num_hidden_layers: 1, max_position_embeddings: 32 }
const FAMILIES: readonly ModelConfig[] = [
  untied,
  { ...untied, model_type: 'qwen3', attention_bias: false, tie_word_embeddings: true },
  { ...untied, model_type: 'llama', attention_bias: false, num_attention_heads: 8, head_dim: 32 },
]

describe('the tensors of each family come in the order of a checkpoint', () => {
  it.each(FAMILIES)('$model_type', async (config) => {
    const tensors = randomModel(config, 1)
    const file = write('family.gguf', ggufBytes({ values: ggufValues(config), tensors: ggufTensors(config, tensors) }))
    const loaded = await loadCheckpoint(file)
    expect(loaded.config).toEqual(config)
    expect([...loaded.tensors.keys()]).toEqual([...tensors.keys()])
    for (const [name, tensor] of tensors) expect(loaded.tensors.get(name), name).toEqual(tensor)
  })
})

test('blocks of every type come as float32, others as they are, and stored as the file has them', async () => {
  const bytes = tinyGguf()
  const file = write('types.gguf', bytes)
  const checkpoint = await openCheckpoint(file)
  const seen = new Set<string>()
  for (const name of checkpointShapes(TINY_GGUF).keys()) {
    const { type, begin, end } = openGguf(file).tensors.get(ggufName(name)!)!
    const own = bytes.subarray(begin, end)
    seen.add(type)
    expect(checkpoint.storedAs(name)).toEqual({ type, bytes: own.length })
    for await (const piece of checkpoint.stored!(name)) expect(Buffer.compare(piece.bytes, own)).toBe(0)
    const { data, shape } = await checkpoint.read(name)
    const numbers = new Float32Array(shape.reduce((product, n) => product * n, 1))
    dequantize(type, own, numbers)
    expect(data, name).toEqual(numbers)
  }
  await checkpoint.close()
  expect([...seen].sort()).toEqual([...GGUF_TYPES].sort())
})

testNative('the native engine computes with every type', async () => {
  const file = write('native.gguf', tinyGguf())
  const engine = await loadEngine({ folder: file, engine: 'native', threads: 1, precision: 'fp32' })
  const { logprobs } = await engine.logprobs([{ tokens: Int32Array.of(1, 2, 3, 4), parent: -1, targetStart: 1 }], null)
  await engine.close()
  expect(logprobs.length).toBe(3)
  expect([...logprobs].every((value) => value < 0 && Number.isFinite(value))).toBe(true)
})

test('tensors that do not fit the metadata, and files that become shorter, are told', async () => {
  const tensors = ggufTensors(untied, randomModel(untied, 1))
  const withTensors = (changed: typeof tensors) =>
    openCheckpoint(write('odd.gguf', ggufBytes({ values: ggufValues(untied), tensors: changed })))
  await expect(withTensors(tensors.slice(1))).rejects.toThrow(/odd\.gguf lacks the tensor token_embd\.weight/)
  await expect(withTensors(tensors.toSpliced(3, 1))).rejects.toThrow(/odd\.gguf lacks the tensor blk\.0\.attn_q\.bias/)
  await expect(withTensors([...tensors, { ...tensors[1]!, name: 'blk.0.ffn_gate_inp.weight' }])).rejects.toThrow(
    /odd\.gguf holds blk\.0\.ffn_gate_inp\.weight/,
  )
  const square = tensors.map((tensor) =>
    tensor.name === 'output_norm.weight' ? { ...tensor, shape: [16, 16] } : tensor,
  )
  await expect(withTensors(square)).rejects.toThrow(/output_norm\.weight is \[16, 16\], but .* asks for \[256\]/)

  const file = write('short.gguf', ggufBytes({ values: ggufValues(untied), tensors }))
  const checkpoint = await openCheckpoint(file)
  truncateSync(file, 20_000)
  await expect(checkpoint.read('model.norm.weight')).rejects.toThrow(/short\.gguf became shorter while it was read/)
  await checkpoint.close()
})
