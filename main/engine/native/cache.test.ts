import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeNative } from '../../../testing/native.ts'
import { randomModel } from '../../../testing/random-model.ts'
import { openCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.ts'
import type { TensorStream } from '../checkpoint/tensor-stream.ts'
import type { Tensors } from '../engine.ts'
import { qwen2 } from '../families.ts'
import { fingerprint } from './cache.ts'
import { createNativeEngine } from './engine.ts'

const config = qwen2({
  vocab_size: 70,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 128,
  tie_word_embeddings: false,
})

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'))
  await saveCheckpoint(join(folder, 'model'), config, randomModel(config, 1))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The checkpoint's weights as an engine holds them in NF4, and the tensors that it read for that. */
async function load(places: readonly string[]): Promise<{ weights: Tensors; read: string[] }> {
  const checkpoint = await openCheckpoint(join(folder, 'model'))
  const read: string[] = []
  const counted: TensorStream = {
    fileOf: checkpoint.fileOf,
    pieces(name) {
      read.push(name)
      return checkpoint.pieces(name)
    },
  }
  const cache = { places, fingerprint: fingerprint(checkpoint.files, 'nf4-int8') }
  const engine = await createNativeEngine(config, counted, {
    precision: 'nf4',
    headPrecision: 'int8',
    threads: 1,
    cache,
  })
  const weights = await engine.baseWeights()
  await engine.close()
  await checkpoint.close()
  return { weights, read }
}

describeNative('weights in NF4 are kept on disk', () => {
  test('and come back as they were, without the checkpoint’s matrices', async () => {
    const place = join(folder, 'nf4.safetensors')
    const first = await load([place])
    expect(first.read).toContain('model.layers.1.mlp.up_proj.weight')
    const again = await load([join(folder, 'absent.safetensors'), place])
    expect(again.read.sort()).toEqual(first.read.filter((name) => /norm|bias/.test(name)).sort())
    expect(again.weights).toEqual(first.weights)
  })

  test.each<[string, (place: string) => void]>([
    ['cut off', (place) => truncateSync(place, 5000)],
    ['not a safetensors file', (place) => writeFileSync(place, 'hello')],
    ['of another checkpoint', () => utimesSync(join(folder, 'model/model.safetensors'), 1, 1)],
    ['of numbers that are none', spoilScales],
  ])('a file that is %s is made again', async (_, spoil) => {
    const place = join(folder, 'nf4.safetensors')
    const first = await load([place])
    const good = readFileSync(place)
    spoil(place)
    const again = await load([place])
    expect(again.read.length).toBe(first.read.length)
    expect(again.weights).toEqual(first.weights)
    // Only the fingerprint differs.
    expect(readFileSync(place).length).toBe(good.length)
    expect((await load([place])).read.length).toBeLessThan(first.read.length)
  })

  test('where the first place cannot be written, in the next; where none can, nowhere', async () => {
    const taken = join(folder, 'taken')
    mkdirSync(join(taken, 'inside'), { recursive: true })
    const place = join(folder, 'elsewhere/nf4.safetensors')
    await load([taken, place])
    expect((await load([taken, place])).read.length).toBeLessThan((await load([taken])).read.length)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })
})

/** Writes NaN into the head's scales, the section at the end of the file: two bytes for each of 80 rows and their groups. */
function spoilScales(place: string): void {
  const bytes = readFileSync(place)
  bytes.fill(0xff, bytes.length - 160)
  writeFileSync(place, bytes)
}
