import { expect, test } from 'vitest'
import { narrow, widen } from './dtype.ts'

test('bf16 and f16 round to the nearest, ties to even, and come back', () => {
  const numbers = Float32Array.of(1, -2.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 3e38, -0)
  expect([...widen(narrow(numbers, 'BF16'), 'BF16')]).toEqual([
    1,
    -2.5,
    1,
    1 + 2 ** -6,
    1 + 2 ** -7,
    Math.fround(2 ** 127 * (1 + 98 / 128)),
    -0,
  ])
  const halves = Float32Array.of(1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, 2 ** -24, -0)
  expect([...widen(narrow(halves, 'F16'), 'F16')]).toEqual([1, 1, 1 + 2 ** -9, 65504, 2 ** -24, -0])
  expect(widen(narrow(numbers, 'F32'), 'F32')).toEqual(numbers)
})
