import { expect, test } from 'vitest'
import { type Contestant, interleave, median } from './measure.ts'

/** A contestant that takes the given seconds in turn and records its name. */
function contestant(name: string, seconds: number[], order: string[]): Contestant {
  let runs = 0
  return {
    name,
    run: async () => {
      order.push(name)
      return seconds[runs++]!
    },
  }
}

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([10, 9, 2])).toBe(9)
  expect(() => median([])).toThrow(RangeError)
})

test('contestants take turns, and the warm-up does not count', async () => {
  const order: string[] = []
  const seconds = await interleave([contestant('a', [9, 1, 2, 3], order), contestant('b', [0, 5, 4, 6], order)], 3, 100)
  expect(order.join('')).toBe('abababab')
  expect(Object.fromEntries(seconds)).toEqual({ a: 2, b: 5 })
})

test('a slow contestant sits the later rounds out', async () => {
  const order: string[] = []
  const seconds = await interleave(
    [contestant('slow', [4, 3, 3], order), contestant('fast', [1, 1, 1, 1], order)],
    3,
    5,
  )
  expect(order.filter((name) => name === 'slow')).toHaveLength(3)
  expect(seconds.get('slow')).toBe(3)
})

test('a warm-up that takes very long does not count either, and one run behind it is enough', async () => {
  const order: string[] = []
  const seconds = await interleave([contestant('slow', [7, 6], order), contestant('fast', [1, 2, 2], order)], 2, 5)
  expect(order).toEqual(['slow', 'fast', 'slow', 'fast', 'fast'])
  expect(Object.fromEntries(seconds)).toEqual({ slow: 6, fast: 2 })
})
