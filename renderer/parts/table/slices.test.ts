import { expect, it } from 'vitest'
import { pagesOf } from './slices.ts'

it('asks for the pages with the visible rows', () => {
  expect(pagesOf(0, 0)).toEqual([0])
  expect(pagesOf(95, 105)).toEqual([0, 1])
  expect(pagesOf(-3, 20)).toEqual([0])
})

it('keeps the first page, which holds the length of the list, wherever the reader scrolls', () => {
  expect(pagesOf(9_990, 9_999)).toEqual([0, 99])
})
