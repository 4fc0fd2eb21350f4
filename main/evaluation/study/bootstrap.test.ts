import { expect, test } from 'vitest'
import { bootstrapMeans, quantile } from './bootstrap.ts'

const TABLE = [
  [0.5, 0.4, 0.5, 0.4, 2.8, 1.1, 0.3, 0.5, 0.7, 1.3, 0.4, 0.8],
  [-0.3, -1.9, -0.9, -0.6, 1.0, -0.5, -0.5, -2.2, -0.4, -1.6, -1.7, -0.3],
  [0.5, -0.8, -0.4, -0.1, 1.5, 1.0, 0.5, 0.2, 0.5, -0.3, -0.4, 0.7],
  [0.1, -1.0, -0.6, -0.3, 0.0, 0.4, 0.0, -1.0, -0.3, -1.0, 0.2, -0.9],
  [-0.6, -0.5, 0.4, -1.5, 1.0, 0.2, -0.5, 0.6, -0.9, -0.3, -0.7, 0.9],
]
const TASKS = [...Array(6).fill('a'), ...Array(6).fill('b')]

test('agrees with numpy 2.4.6: seeds, and problems within two tasks, drawn independently 200,000 times', () => {
  const { mean, low, high } = bootstrapMeans(TABLE, TASKS).overall
  expect(mean).toBeCloseTo(-0.06, 10)
  expect(Math.abs(low - -0.61833333)).toBeLessThan(0.04)
  expect(Math.abs(high - 0.525)).toBeLessThan(0.04)
})

test('seeds that differ widen the interval, as problems do', () => {
  const width = (table: number[][]) => {
    const { low, high } = bootstrapMeans(table, Array(8).fill('a')).overall
    return high - low
  }
  const problems = [1, 1, 1, 0, 1, 0, 0, 1]
  const alike = [problems, problems, problems, problems]
  const seeds = [problems.map(() => 1), problems.map(() => 0), problems, problems]
  expect(width([problems.map(() => 1)])).toBe(0)
  expect(width(alike)).toBeGreaterThan(0.5)
  expect(width(seeds)).toBeGreaterThan(1.1 * width(alike))
})

test('each task has its own mean, and the same table gives the same interval', () => {
  const { tasks } = bootstrapMeans([[1, 1, 0, 0, 0]], ['a', 'a', 'b', 'b', 'b'])
  expect(tasks.get('a')).toEqual({ mean: 1, low: 1, high: 1 })
  expect(tasks.get('b')).toEqual({ mean: 0, low: 0, high: 0 })
  expect(bootstrapMeans(TABLE, TASKS)).toEqual(bootstrapMeans(TABLE, TASKS))
  expect(bootstrapMeans([], []).overall).toEqual({ mean: 0, low: 0, high: 1 })
})

test("quantiles are numpy's", () => {
  expect(quantile([1, 2, 4, 8], 0.5)).toBe(3)
  expect(quantile([1, 2, 4, 8], 0.025)).toBeCloseTo(1.075, 12)
  expect(quantile([5], 0.975)).toBe(5)
})
