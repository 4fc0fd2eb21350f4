import { expect, test } from 'vitest'
import { uniformStream } from '../../engine/random.ts'
import { crossed, expectedSpread } from './crossed.ts'

/** Diameters of Penicillin in lme4 (Davies and Goldsmith 1972): 24 plates by 6 samples. */
const PENICILLIN = [
  [27, 23, 26, 23, 23, 21],
  [27, 23, 26, 23, 23, 21],
  [25, 21, 25, 24, 24, 20],
  [26, 23, 25, 23, 23, 20],
  [25, 22, 26, 22, 23, 20],
  [24, 22, 25, 23, 22, 19],
  [24, 20, 23, 21, 22, 19],
  [26, 22, 26, 24, 24, 21],
  [24, 21, 24, 22, 22, 20],
  [24, 21, 24, 23, 22, 19],
  [26, 23, 26, 24, 24, 21],
  [25, 22, 26, 24, 24, 20],
  [26, 24, 26, 24, 25, 22],
  [26, 23, 26, 23, 23, 20],
  [26, 23, 25, 24, 24, 22],
  [25, 22, 25, 23, 23, 20],
  [25, 21, 24, 23, 23, 20],
  [25, 22, 24, 23, 23, 19],
  [24, 21, 23, 21, 21, 19],
  [26, 23, 26, 24, 24, 21],
  [25, 21, 24, 22, 22, 18],
  [25, 22, 25, 22, 22, 20],
  [24, 21, 24, 22, 24, 19],
  [24, 21, 24, 22, 21, 18],
]

test("agrees with lme4's published fit of crossed random effects", () => {
  // Bates, "lme4: Mixed-effects modeling with R", section 2.1, REML: intercept 22.9722, its error 0.8086; variances of plate
  // 0.7169, sample 3.7309, residual 0.3024.
  const { difference, error, components } = crossed(PENICILLIN, Array(6).fill('assay'))
  expect(difference).toBeCloseTo(22.9722, 4)
  expect(error).toBeCloseTo(0.808573, 5)
  expect(components.seed).toBeCloseTo(0.716908, 5)
  expect(components.problem).toBeCloseTo(3.73092, 4)
  expect(components.rest).toBeCloseTo(0.302415, 5)
})

/** Made with numpy: 5 seeds by 12 problems, deviations 0.3, 0.4 and 0.5. */
const TABLE = [
  [0.5, 0.4, 0.5, 0.4, 2.8, 1.1, 0.3, 0.5, 0.7, 1.3, 0.4, 0.8],
  [-0.3, -1.9, -0.9, -0.6, 1.0, -0.5, -0.5, -2.2, -0.4, -1.6, -1.7, -0.3],
  [0.5, -0.8, -0.4, -0.1, 1.5, 1.0, 0.5, 0.2, 0.5, -0.3, -0.4, 0.7],
  [0.1, -1.0, -0.6, -0.3, 0.0, 0.4, 0.0, -1.0, -0.3, -1.0, 0.2, -0.9],
  [-0.6, -0.5, 0.4, -1.5, 1.0, 0.2, -0.5, 0.6, -0.9, -0.3, -0.7, 0.9],
]

test('agrees with statsmodels 0.15.0, MixedLM with two variance components, REML', () => {
  const { difference, error, components } = crossed(TABLE, Array(12).fill('one'))
  expect(difference).toBeCloseTo(-0.06, 10)
  expect(error).toBeCloseTo(0.308358, 5)
  expect(components.seed).toBeCloseTo(0.3586944, 4)
  expect(components.problem).toBeCloseTo(0.22065189, 4)
  expect(components.rest).toBeCloseTo(0.2974697, 6)
})

test('what differs between tasks is no luck, so it does not widen the interval', () => {
  const taskOf = ['a', 'a', 'a', 'b', 'b', 'b']
  const table = [0, 0.02, -0.02].map((luck) => [0.1, 0, -0.1, 0.9, 1, 1.1].map((value) => value + luck))
  expect(crossed(table, taskOf).error).toBeLessThan(crossed(table, Array(6).fill('one')).error / 3)
})

test('arms that never differ have p 1, and those that always differ alike 0', () => {
  expect(crossed([[0, 0], [0, 0]], ['a', 'a'])).toMatchObject({ difference: 0, p: 1, low: 0, high: 0 }) // biome-ignore format: a table
  expect(crossed([[1, 1], [1, 1]], ['a', 'a'])).toMatchObject({ difference: 1, p: 0 }) // biome-ignore format: a table
})

test('the interval holds the true difference about as often as it says, with five seeds of real luck', () => {
  const uniform = uniformStream(5)
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const taskOf = Array.from({ length: 40 }, (_, at) => at % 4)
  let held = 0
  const times = 1000
  for (let time = 0; time < times; time++) {
    const hardness = taskOf.map(() => 0.2 * normal())
    const table = Array.from({ length: 5 }, () => {
      const luck = 0.05 * normal()
      return hardness.map((hard) => 0.1 + luck + hard + 0.3 * normal())
    })
    const { low, high } = crossed(table, taskOf)
    if (low < 0.1 && high > 0.1) held++
  }
  expect(held / times).toBeGreaterThan(0.93)
  expect(held / times).toBeLessThan(0.985)
})

test('the expected error is that of a study of this size, and falls with seeds and problems', () => {
  const { error, components } = crossed(TABLE, Array(12).fill('one'))
  expect(expectedSpread(components, 5, 12, 1).error).toBeCloseTo(error, 10)
  expect(expectedSpread(components, 10, 12, 1).error).toBeLessThan(error)
  expect(expectedSpread(components, 5, 24, 1).error).toBeLessThan(error)
})
