import { expect, test } from 'vitest'
import { chooseHolding } from './holding.ts'
import { publishedShape } from './shapes.ts'

test.each<[string, number, ReturnType<typeof chooseHolding>['precision']]>([
  ['Qwen2-0.5B', 32e9, 'fp32'],
  ['Qwen2-0.5B', 8e9, 'bf16'],
  ['Qwen2-0.5B', 1.5e9, 'int8'],
  ['Qwen2-0.5B', 1e9, 'nf4'],
  ['Qwen2-7B', 64e9, 'bf16'],
  ['Qwen2-7B', 24e9, 'int8'],
  ['Qwen2-7B', 16e9, 'nf4'],
])('auto holds %s on a machine of %d bytes in %s', (name, memory, precision) => {
  const holding = chooseHolding(publishedShape(name)!, {}, memory)
  expect(holding.precision).toBe(precision)
  expect(holding.headPrecision).toBe(precision === 'int8' || precision === 'nf4' ? 'int8' : 'bf16')
  expect(holding.gradientCheckpointing).toBe(precision !== 'fp32')
})

test('activations are kept in an eighth of memory at most, and in a quarter of what is free; none on request', () => {
  const shape = publishedShape('Qwen2-7B')!
  expect(chooseHolding(shape, {}, 16e9, 12e9).keptBytes).toBe(2e9)
  expect(chooseHolding(shape, {}, 16e9, 4e9).keptBytes).toBe(1e9)
  expect(chooseHolding(shape, { gradientCheckpointing: true }, 16e9, 12e9).keptBytes).toBe(0)
})
