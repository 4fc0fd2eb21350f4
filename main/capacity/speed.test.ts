import { expect } from 'vitest'
import { testNative } from '../../testing/native.ts'
import { PROJECTIONS } from '../config/choices.ts'
import { qwen2 } from '../engine/families.ts'
import { publishedShape } from '../engine/shapes.ts'
import { measureSpeed } from './speed.ts'

const lora = { r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: PROJECTIONS }
const holding = {
  precision: 'nf4',
  headPrecision: 'int8',
  gradientCheckpointing: true,
  packedBytes: 2,
  threads: 1,
} as const
const half = qwen2({
  ...publishedShape('Qwen2-0.5B')!,
  hidden_size: 448,
  intermediate_size: 2432,
  num_attention_heads: 7,
  num_key_value_heads: 1,
})

testNative('what one layer takes is scaled to all, and the head is read for each token', async () => {
  // Pair, sample, reference, prompts read, prompts read and answers written; in milliseconds.
  const readings = [0, 4000, 4000, 7000, 7000, 9000, 9000, 10_000, 10_000, 13_000]
  const question = { config: half, holding, lora, prompt: 32, shared: 0, completion: 17, pages: 2 }
  const speed = await measureSpeed(question, () => readings.shift() ?? Number.NaN)
  expect(readings).toEqual([])
  expect(speed).toMatchObject({ beginning: 0, pair: 24 * 4, sample: 24 * 3, reference: 24 * 2 })
  // Two seconds for sixteen more tokens. With the head of 68 MB beside 24 layers of 2.1 MB, more than twice as long.
  expect(speed.answer).toBeGreaterThan((24 * (1 + 2 * 2)) / 2)
  expect(speed.answer).toBeLessThan((24 * (1 + 2 * 3)) / 2)
})

testNative('layers below the lowest trained one take the time of a forward pass', async () => {
  const readings = [0, 4000, 4000, 7000, 7000, 8000, 8000, 9000, 9000, 12_000]
  const upper = { ...lora, layers_to_transform: [18, 19, 20, 21, 22, 23] }
  const question = { config: half, holding, lora: upper, prompt: 32, shared: 0, completion: 17, pages: 2 }
  const speed = await measureSpeed(question, () => readings.shift() ?? Number.NaN)
  // A forward pass takes a quarter of the pair's time.
  expect(speed).toMatchObject({ pair: 6 * 4 + 18, sample: (6 + 18 / 4) * 3, reference: 24 })
})

testNative('what all prompts begin with is told apart', async () => {
  const readings = [0, 8000, 8000, 15_000, 15_000, 17_000, 17_000, 18_000, 18_000, 21_000]
  const question = { config: half, holding, lora, prompt: 100, shared: 68, completion: 4, pages: 2 }
  const speed = await measureSpeed(question, () => readings.shift() ?? Number.NaN)
  // Of the pair's 108 tokens 40 are its own, of the sample's 104 tokens 36.
  expect(speed.beginning).toBeCloseTo((24 * 7 * 68) / 104)
  expect(speed.pair).toBeCloseTo((24 * 8 * 40) / 108)
  expect(speed.sample).toBeCloseTo((24 * 7 * 36) / 104)
  expect(speed.reference).toBeCloseTo((24 * 2 * 40) / 108)
})

testNative('a prompt that is only beginning can be measured', async () => {
  const speed = await measureSpeed({ config: half, holding, lora, prompt: 40, shared: 40, completion: 4, pages: 1 })
  for (const time of Object.values(speed)) expect(time).toBeGreaterThan(0)
})

testNative('a layer takes some time', async () => {
  const { beginning, ...speed } = await measureSpeed({
    config: half,
    holding,
    lora,
    prompt: 64,
    shared: 0,
    completion: 8,
    pages: 1,
  })
  expect(beginning).toBe(0)
  for (const time of Object.values(speed)) expect(time).toBeGreaterThan(0)
})
