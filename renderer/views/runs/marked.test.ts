import { expect, test } from 'vitest'
import { marksAfter } from './marked.ts'

test('at most two are marked, and a third replaces the first', () => {
  expect(marksAfter([], 1, true)).toEqual([1])
  expect(marksAfter([1], 2, true)).toEqual([1, 2])
  expect(marksAfter([1, 2], 3, true)).toEqual([2, 3])
})

test('a mark can be removed', () => {
  expect(marksAfter([1, 2], 1, false)).toEqual([2])
  expect(marksAfter([1, 2], 3, false)).toEqual([1, 2])
})

test('marking a marked item changes only the order', () => {
  expect(marksAfter([1, 2], 1, true)).toEqual([2, 1])
})
