import { expect, test } from 'vitest'
import { batchIndices, mix, shuffled } from './order.ts'

const run = (size: number, batch: number, steps: number, seed: number) =>
  Array.from({ length: steps }, (_, step) => batchIndices(size, batch, step, seed)).flat()

test('every pass sees each example once, in its own order', () => {
  const seen = run(10, 4, 5, 7)
  const sorted = (from: number) => seen.slice(from, from + 10).sort((a, b) => a - b)
  expect(sorted(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(sorted(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(seen.slice(0, 10)).not.toEqual(seen.slice(10))
})

test('a step needs nothing but its number and the seed', () => {
  expect(batchIndices(10, 4, 3, 7)).toEqual(run(10, 4, 4, 7).slice(12))
  expect(run(50, 8, 3, 1)).not.toEqual(run(50, 8, 3, 2))
})

test('a batch larger than the data repeats only after a whole pass', () => {
  expect(new Set(batchIndices(3, 7, 0, 1).slice(0, 3)).size).toBe(3)
})

test('shuffles reach every order about equally often', () => {
  const counts = new Map<string, number>()
  for (let seed = 0; seed < 6000; seed++) {
    const key = shuffled(3, mix(seed, 1)).join('')
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
})
