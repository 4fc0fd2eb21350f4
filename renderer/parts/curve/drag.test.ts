import { expect, test } from 'vitest'
import { chosenRange } from './drag.ts'

test('a drag in either direction chooses the same steps', () => {
  expect(chosenRange([3, 9])).toEqual([3, 9])
  expect(chosenRange([9, 3])).toEqual([3, 9])
})

test('a click without a drag chooses nothing', () => {
  expect(chosenRange([5, 5])).toBeNull()
  expect(chosenRange(null)).toBeNull()
})
