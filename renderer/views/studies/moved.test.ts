import { expect, test } from 'vitest'
import { moved } from './moved.ts'

test('an entry changes places with its neighbour, and stays at the ends', () => {
  expect(moved([1, 2, 3], 2, -1)).toEqual([2, 1, 3])
  expect(moved([1, 2, 3], 2, 1)).toEqual([1, 3, 2])
  expect(moved([1, 2, 3], 1, -1)).toEqual([1, 2, 3])
  expect(moved([1, 2, 3], 3, 1)).toEqual([1, 2, 3])
  expect(moved([1, 2, 3], 9, 1)).toEqual([1, 2, 3])
})
