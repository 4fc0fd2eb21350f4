import { expect, test } from 'vitest'
import type { Engine } from './engine.ts'
import { freeTensors, moveAdapter } from './free.ts'

const NUMBERS = 2 ** 22
const lora = { r: 1, lora_alpha: 1, lora_dropout: 0, target_modules: [] }
const make = () => new Map([['a', { shape: [NUMBERS], data: new Float32Array(NUMBERS).fill(1) }]])

test('the memory of tensors is given back at once', () => {
  const held = () => process.memoryUsage().arrayBuffers
  const before = held()
  const tensors = make()
  expect(held() - before).toBeGreaterThan(3 * NUMBERS)
  freeTensors(tensors)
  expect(held() - before).toBeLessThan(NUMBERS)
  expect(tensors.get('a')?.data).toHaveLength(0)
})

test('an adapter is freed only when the engine has it', async () => {
  const tensors = make()
  let seen = 0
  const addAdapter: Engine['addAdapter'] = async (_name, _lora, weights) => {
    await Promise.resolve()
    seen = weights.get('a')!.data[NUMBERS - 1]!
  }
  await moveAdapter({ addAdapter } as Engine, 'policy', lora, tensors)
  expect(seen).toBe(1)
  expect(tensors.get('a')?.data).toHaveLength(0)
})
