import { expect, test } from 'vitest'
import { LEAST, MOST, shareAfter, shareOf } from './split-share.ts'

test('arrows move the divider by two percent, home and end to its bounds', () => {
  expect(['ArrowLeft', 'ArrowRight', 'Home', 'End'].map((key) => shareAfter(key, 40))).toEqual([38, 42, LEAST, MOST])
  expect(shareAfter('ArrowLeft', LEAST)).toBe(LEAST)
  expect(shareAfter('ArrowRight', MOST)).toBe(MOST)
  expect(shareAfter('Tab', 40)).toBeUndefined()
})

test('a drag stays within the bounds, in whole percent', () => {
  expect([-10, 33.4, 33.6, 120].map(shareOf)).toEqual([LEAST, 33, 34, MOST])
})
