import { expect, test } from 'vitest'
import { marksAfter } from './marked.ts'

test('two at most are marked: the third takes the place of the first', () => {
  expect(marksAfter([], 1, true)).toEqual([1])
  expect(marksAfter([1], 2, true)).toEqual([1, 2])
  expect(marksAfter([1, 2], 3, true)).toEqual([2, 3])
})

test('a mark is taken away again', () => {
  expect(marksAfter([1, 2], 1, false)).toEqual([2])
  expect(marksAfter([1, 2], 3, false)).toEqual([1, 2])
})

test('marking what is marked changes nothing but the order', () => {
  expect(marksAfter([1, 2], 1, true)).toEqual([2, 1])
})
