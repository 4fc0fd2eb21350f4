import { expect, test } from 'vitest'
import { chooseCardHolding } from './card-holding.ts'
import { publishedShape } from './shapes.ts'

const GB = 2 ** 30

test.each([
  ['Qwen2-0.5B', 8 * GB, 'fp32'],
  ['Qwen2-1.5B', 8 * GB, 'bf16'],
  ['Qwen2.5-3B', 8 * GB, 'int8'],
  ['Qwen2-7B', 8 * GB, 'nf4'],
  ['Qwen2-7B', 24 * GB, 'int8'],
  ['Qwen2-7B', 80 * GB, 'bf16'],
])('%s on a card of %d bytes is held in %s', (name, memory, precision) => {
  const held = chooseCardHolding(publishedShape(name)!, {}, { memory })
  expect(held).toMatchObject({ precision, cardBytes: memory, gradientCheckpointing: precision !== 'fp32' })
  expect(held.headPrecision).toBe(['int8', 'nf4'].includes(precision) ? 'int8' : 'bf16')
})

test('where nobody tells the memory, a card of 8 GB is meant, and nothing is kept beyond the plan', () => {
  const held = chooseCardHolding(publishedShape('Qwen2-7B')!, {}, null)
  expect(held).toMatchObject({ precision: 'nf4', keptBytes: 0 })
  expect(held.cardBytes).toBeUndefined()
  const named = chooseCardHolding(publishedShape('Qwen2-7B')!, { precision: 'fp16', headPrecision: 'nf4' }, null)
  expect(named).toMatchObject({ precision: 'fp16', headPrecision: 'nf4' })
})
