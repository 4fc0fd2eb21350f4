import { expect, test } from 'vitest'
import { mcnemar, paired, wilson } from './statistics.ts'

test.each([
  // Published: Newcombe 1998, Table I, method 3.
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('Wilson interval of %d in %d', (successes, n, low, high) => {
  const interval = wilson(successes, n)
  expect(interval.low).toBeCloseTo(low, 4)
  expect(interval.high).toBeCloseTo(high, 4)
})

test('Wilson intervals stay within 0 and 1 and mirror', () => {
  expect(wilson(20, 20).high).toBe(1)
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 })
  expect(wilson(17, 20).low).toBeCloseTo(1 - wilson(3, 20).high, 12)
})

test('McNemar is the two-sided binomial tail', () => {
  expect(mcnemar(0, 0)).toBe(1)
  expect(mcnemar(5, 5)).toBe(1)
  expect(mcnemar(5, 0)).toBeCloseTo(2 / 32, 12)
  // 2 * (1 + 10 + 45) / 1024
  expect(mcnemar(2, 8)).toBeCloseTo(112 / 1024, 12)
  expect(mcnemar(8, 2)).toBe(mcnemar(2, 8))
  // Beyond the range of 2 ** -n.
  expect(mcnemar(1200, 900)).toBeGreaterThan(0)
  expect(mcnemar(1200, 900)).toBeLessThan(1e-9)
})

test('the interval of a paired difference holds the difference and knows its sign', () => {
  const result = paired(30, 5, 100, 65)
  expect(result.n).toBe(200)
  expect(result.difference).toBe(0.125)
  expect(result.low).toBeGreaterThan(0)
  expect(result.low).toBeLessThan(0.125)
  expect(result.high).toBeGreaterThan(0.125)
  const mirror = paired(5, 30, 100, 65)
  expect(mirror.low).toBeCloseTo(-result.high, 12)
  expect(mirror.p).toBe(result.p)
  expect(paired(0, 0, 0, 0)).toMatchObject({ n: 0, difference: 0, p: 1 })
})

test('the interval covers its true difference about as often as it says', () => {
  // Cells of 60 problems: won 0.2, lost 0.1, both 0.4, neither 0.3.
  let covered = 0
  let state = 1
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const runs = 4000
  for (let run = 0; run < runs; run++) {
    const cells: [number, number, number, number] = [0, 0, 0, 0]
    for (let i = 0; i < 60; i++) {
      const u = next()
      cells[u < 0.2 ? 0 : u < 0.3 ? 1 : u < 0.7 ? 2 : 3]++
    }
    const { low, high } = paired(...cells)
    if (low <= 0.1 && 0.1 <= high) covered++
  }
  expect(covered / runs).toBeGreaterThan(0.935)
  expect(covered / runs).toBeLessThan(0.97)
})
