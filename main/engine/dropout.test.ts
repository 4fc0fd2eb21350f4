import { expect, test } from 'vitest'
import { dropoutMask } from './dropout.ts'

const rows = Int32Array.from({ length: 200 }, (_, row) => row)

test('drops a share p and scales the rest up, so that the mean stays', () => {
  const mask = dropoutMask(0.25, 1, 2, 'o_proj', rows, 300)
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
  const share = mask.filter((value) => value === 0).length / mask.length
  expect(share).toBeCloseTo(0.25, 2)
})

test('depends on seed, layer, input and row alone', () => {
  const mask = dropoutMask(0.5, 1, 2, 'q_proj', rows, 64)
  expect(dropoutMask(0.5, 1, 2, 'q_proj', rows.subarray(50, 60), 64)).toEqual(mask.subarray(50 * 64, 60 * 64))
  expect(dropoutMask(0.5, 1, 2, 'v_proj', rows, 64)).toEqual(mask)
  const others = [
    dropoutMask(0.5, 2, 2, 'q_proj', rows, 64),
    dropoutMask(0.5, 1, 3, 'q_proj', rows, 64),
    dropoutMask(0.5, 1, 2, 'o_proj', rows, 64),
  ]
  for (const other of others) {
    // Independent masks agree in half of the places: 6,400 of 12,800, within four standard deviations of 57.
    const same = mask.filter((value, at) => value === other[at]).length
    expect(Math.abs(same - 6400)).toBeLessThan(230)
  }
})
