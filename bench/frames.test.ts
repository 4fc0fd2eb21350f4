import { expect, test } from 'vitest'
import { quantile } from './frames.ts'

test('a quantile is the value that a share of the values lie below', () => {
  const values = Array.from({ length: 100 }, (_, at) => 99 - at)
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([0, 50, 99, 99])
  expect(quantile([7], 0.99)).toBe(7)
  expect(() => quantile([], 0.5)).toThrow(RangeError)
})
