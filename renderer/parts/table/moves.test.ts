import { expect, test } from 'vitest'
import { placeAfter } from './moves.ts'

const table = { chosen: 5, total: 100, page: 10 }

test('keys move by a row, by a page, and to the ends', () => {
  const places = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End'].map((key) => placeAfter(key, table))
  expect(places).toEqual([6, 4, 15, 0, 0, 99])
})

test('no key leaves the table', () => {
  expect(placeAfter('ArrowDown', { ...table, chosen: 99 })).toBe(99)
  expect(placeAfter('ArrowUp', { ...table, chosen: 0 })).toBe(0)
  expect(placeAfter('PageDown', { ...table, chosen: 95 })).toBe(99)
})

test('without a choice, the next row is the first', () => {
  expect(placeAfter('ArrowDown', { ...table, chosen: -1 })).toBe(0)
})

test('other keys do nothing, nor does any key in an empty table', () => {
  expect(placeAfter('Enter', table)).toBeUndefined()
  expect(placeAfter('Home', { ...table, total: 0 })).toBeUndefined()
})
