import { expect, test } from 'vitest'
import { PROJECTIONS } from '../config/choices.ts'
import { parseConfig } from '../config/config.ts'
import { UserError } from '../config/error.ts'
import type { Engine } from '../engine/engine.ts'
import { publishedShape } from '../engine/shapes.ts'
import { checkMemory, largestBatch, partsOf, planMemory } from './memory.ts'

const sequence = (prompt: number, completion: number) => ({
  prompt: new Int32Array(prompt),
  completion: new Int32Array(completion),
})
const lora = { r: 16, lora_alpha: 32, lora_dropout: 0, target_modules: PROJECTIONS }
const tiny = { tokens: 2, targets: 1, context: 2 }
const batch = { tokens: 640, targets: 128, context: 576 }

function seven(gradientCheckpointing: boolean): Engine {
  const holding = {
    precision: 'nf4',
    headPrecision: 'int8',
    gradientCheckpointing,
    packedBytes: 2,
    threads: 2,
  } as const
  return { config: publishedShape('Qwen2-7B')!, holding } as Engine
}

test('the largest batch takes the longest groups, each prompt once', () => {
  const pairs = [
    [sequence(10, 2), sequence(10, 3)],
    [sequence(100, 1), sequence(100, 1)],
    [sequence(20, 30), sequence(20, 5)],
  ]
  expect(largestBatch(pairs, 2)).toEqual({ tokens: 102 + 55, targets: 35 + 5, context: 101 })
  expect(largestBatch([], 2)).toEqual({ tokens: 0, targets: 0, context: 0 })
})

test('what fits passes, what is tight is warned of, what does not fit is refused with its parts and the cure', () => {
  expect(checkMemory(seven(true), lora, [tiny, batch], 16e9)).toBeNull()
  expect(checkMemory(seven(true), lora, [tiny, batch], 6.6e9)).toMatchObject({
    needed: expect.stringMatching(/^\d\.\d\d GB \(weights/),
    free: '6.60 GB',
  })
  expect(() => checkMemory(seven(true), lora, [tiny, batch], 4e9)).toThrow(UserError)
  expect(() => checkMemory(seven(true), lora, [tiny, batch], 4e9)).toThrow(/weights 4\.\d+ GB.*lower batch_size/)
  expect(() => checkMemory(seven(false), lora, [tiny, batch], 8e9)).toThrow(
    /activations.*gradient_checkpointing to true/,
  )
  expect(checkMemory({ ...seven(true), holding: null }, lora, [tiny, batch], 1)).toBeNull()
})

test('a published size can be planned before it is here', () => {
  const config = parseConfig(
    'model: {base_model_name: Qwen/Qwen2-7B-Instruct, precision: nf4}\nlora: {r: 16, lora_alpha: 32}\ntraining: {dpo: {batch_size: 1}}',
    'f',
  )
  const { estimate, question } = planMemory(config, 512, 64)
  expect(question).toMatchObject({ headPrecision: 'int8', gradientCheckpointing: true, tokens: 640, targets: 128 })
  expect(estimate.total).toBeGreaterThan(5e9)
  expect(estimate.total).toBeLessThan(7.5e9)
  expect(partsOf(estimate)).toMatch(/GB \(weights/)
  const sft = parseConfig('training: {sft: {batch_size: 4}, dpo: {batch_size: 2}}', 'f')
  expect(planMemory(sft, 100, 10, 'sft').question).toMatchObject({ tokens: 440, targets: 40, context: 110 })
  expect(planMemory(sft, 100, 10, 'dpo').question).toMatchObject({ tokens: 240, targets: 40, context: 110 })
  expect(() => planMemory(parseConfig('model: {base_model_name: Some/Model}', 'f'), 1, 1)).toThrow(UserError)
})
