import { expect, test } from 'vitest'
import { PROJECTIONS } from '../config/choices.ts'
import { parseConfig } from '../config/config.ts'
import type { Engine } from '../engine/engine.ts'
import { publishedShape } from '../engine/shapes.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { checkMemory, largestBatch, largestBatches, memoryShortLater, partsOf, planMemory } from './memory.ts'

const sequence = (prompt: number, completion: number) => ({
  prompt: new Int32Array(prompt),
  completion: new Int32Array(completion),
})
const lora = { r: 16, lora_alpha: 32, lora_dropout: 0, target_modules: PROJECTIONS }
const tiny = { tokens: 2, targets: 1, context: 2 }
const batch = { tokens: 640, targets: 128, context: 576 }
const dpo = { stage: 'dpo', batch_size: 1, grad_accumulation_steps: 1 } as const

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

test('on a card the plan of the step counts, and the card’s memory', () => {
  const card = (cardBytes?: number) => {
    const { config, holding } = seven(true)
    return { config, kind: 'webgpu', holding: { ...holding, ...(cardBytes && { cardBytes }) } } as Engine
  }
  expect(checkMemory(card(8e9), lora, [tiny, batch], dpo)).toBeNull()
  expect(checkMemory(card(5.9e9), lora, [batch], dpo)).toMatchObject({ free: '5.90 GB', saving: '0.000 GB' })
  expect(() => checkMemory(card(5e9), lora, [batch], dpo)).toThrow('There is not enough memory')
  expect(checkMemory(card(), lora, [batch], dpo)).toBeNull()
  expect(memoryShortLater(card(5e9), lora, [batch])).toMatchObject({ free: '5.00 GB' })
})

test('the largest of any number of samples is found', () => {
  const sample = [{ prompt: new Int32Array(3), completion: new Int32Array(2) }]
  expect(largestBatch(Array(200_000).fill(sample), 4)).toEqual({ tokens: 20, targets: 8, context: 5 })
})

test('the largest batch takes the longest groups, each prompt once', () => {
  const pairs = [
    [sequence(10, 2), sequence(10, 3)],
    [sequence(100, 1), sequence(100, 1)],
    [sequence(20, 30), sequence(20, 5)],
  ]
  expect(largestBatch(pairs, 2)).toEqual({ tokens: 102 + 55, targets: 35 + 5, context: 101 })
  expect(largestBatch([], 2)).toEqual({ tokens: 0, targets: 0, context: 0 })
})

test('a batch holds what all prompts begin with once', () => {
  const prompt = (...end: number[]) => ({
    prompt: Int32Array.of(...Array(100).fill(9), ...end),
    completion: new Int32Array(5),
  })
  const groups = [[prompt(1, 2)], [prompt(3)], [prompt(4, 5, 6)]]
  expect(largestBatch(groups, 2)).toEqual({ tokens: 100 + 2 + 3 + 2 * 5, targets: 10, context: 108 })
  expect(largestBatch(groups, 8)).toEqual({ tokens: 100 + 6 + 3 * 5, targets: 15, context: 108 })
})

test('terms that go through the engine together make one batch, which holds their common beginning once', () => {
  const groups = (beginning: number, own: number, answers: number) =>
    [1, 2, 3].map((i) =>
      Array(answers).fill({
        prompt: Int32Array.of(...Array(beginning).fill(9), ...Array(own).fill(i)),
        completion: new Int32Array(5),
      }),
    )
  const terms = (beginning: number) => [
    { groups: groups(beginning, 10, 2), size: 2 },
    { groups: [], size: 2 },
    { groups: groups(beginning, 20, 1), size: 1 },
  ]
  const [pairs, samples] = [100 + 2 * (10 + 10), 100 + 20 + 5]
  expect(largestBatches(terms(100))).toEqual([{ tokens: pairs + samples - 100, targets: 25, context: 125 }])
  expect(largestBatches(terms(10))).toEqual([
    { tokens: 2 * (10 + 10 + 10), targets: 20, context: 25 },
    { tokens: 10 + 20 + 5, targets: 5, context: 35 },
  ])
  expect(largestBatches([])).toEqual([])
})

test('what fits passes, what is tight is warned of, what does not fit is refused with its parts and the cure', () => {
  const check = (engine: Engine, free: number, size = dpo) => checkMemory(engine, lora, [tiny, batch], size, free)
  expect(check(seven(true), 16e9)).toBeNull()
  const tight = check(seven(true), 6.6e9)
  expect(tight).toMatchObject({ needed: { id: 'memoryParts' }, free: '6.60 GB' })
  expect(english(message('memoryShort', tight!))).toMatch(/training needs about \d\.\d\d GB \(weights \d.* GB, /)
  expect(() => check(seven(true), 4e9)).toThrow(UserError)
  expect(() => check(seven(true), 4e9)).toThrow(
    /weights 4\.\d+ GB.*\. Close other programs, or choose a smaller model\.$/,
  )
  expect(() => check(seven(false), 8e9)).toThrow(
    /activations.* A resumed run keeps its settings, so run `npx dpo-driver dpo --set training\.gradient_checkpointing=true`\.$/,
  )
  expect(check({ ...seven(true), holding: null }, 1)).toBeNull()
})

test('the command that trains in less splits the batch as far as it must, and keeps the step', () => {
  const large = { tokens: 16 * 640, targets: 16 * 128, context: 576 }
  const size = { stage: 'dpo', batch_size: 16, grad_accumulation_steps: 2 } as const
  expect(() => checkMemory(seven(true), lora, [tiny, large], size, 8e9)).toThrow(
    /run `npx dpo-driver dpo --set training\.dpo\.batch_size=[24] training\.dpo\.grad_accumulation_steps=(8|16)`\.$/,
  )
  expect(() => checkMemory(seven(false), lora, [large], { ...size, stage: 'sft' }, 5e9)).toThrow(
    /sft --set training\.sft\.batch_size=1 training\.sft\.grad_accumulation_steps=32 training\.gradient_checkpointing=true`/,
  )
})

test('a later training that will not fit is foretold', () => {
  expect(memoryShortLater(seven(true), lora, [batch], 16e9)).toBeNull()
  expect(memoryShortLater(seven(true), lora, [batch], 5e9)).toMatchObject({
    needed: expect.any(String),
    free: '5.00 GB',
  })
  expect(memoryShortLater({ ...seven(true), holding: null }, lora, [batch], 1)).toBeNull()
})

test('a published size can be planned before it is here', () => {
  const config = parseConfig(
    'model: {base_model_name: Qwen/Qwen2-7B-Instruct, precision: nf4}\nlora: {r: 16, lora_alpha: 32}\ntraining: {gradient_checkpointing: true, dpo: {batch_size: 1, imitation: 0, replay: 0}}',
    'f',
  )
  const { estimate, question } = planMemory(config, 512, 64)
  expect(question).toMatchObject({ headPrecision: 'int8', gradientCheckpointing: true, tokens: 640, targets: 128 })
  expect(estimate.total).toBeGreaterThan(5e9)
  expect(estimate.total).toBeLessThan(7.5e9)
  expect(english(partsOf(estimate))).toMatch(/GB \(weights/)
  const sft = parseConfig('training: {sft: {batch_size: 4}, dpo: {batch_size: 2}}', 'f')
  expect(planMemory(sft, 100, 10, 'sft').question).toMatchObject({ tokens: 440, targets: 40, context: 110 })
  expect(planMemory(sft, 100, 10, 'dpo').question).toMatchObject({ tokens: 240, targets: 40, context: 110 })
  expect(() => planMemory(parseConfig('model: {base_model_name: Some/Model}', 'f'), 1, 1)).toThrow(UserError)
})
