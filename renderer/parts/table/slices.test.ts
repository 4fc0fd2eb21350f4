import { expect, it } from 'vitest'
import { pagesOf } from './slices.ts'

it('asks for the pages that hold what is in sight', () => {
  expect(pagesOf(0, 0)).toEqual([0])
  expect(pagesOf(95, 105)).toEqual([0, 1])
  expect(pagesOf(-3, 20)).toEqual([0])
})

it('keeps the page that says how long the list is, wherever one looks', () => {
  expect(pagesOf(9_990, 9_999)).toEqual([0, 99])
})
