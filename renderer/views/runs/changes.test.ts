import { expect, test } from 'vitest'
import { totals } from './changes.ts'

test('norms of parts add up to the norm of the whole', () => {
  const changes = [
    { a: 3, b: 1, difference: null },
    { a: 4, b: 0, difference: 2 },
  ]
  expect(totals(changes)).toEqual({ a: 5, b: 1, difference: 2 })
  expect(totals([])).toEqual({ a: 0, b: 0, difference: 0 })
})
