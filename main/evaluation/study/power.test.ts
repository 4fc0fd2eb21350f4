import { expect, test } from 'vitest'
import { ASSUMED, componentsOf, detectable, power, powerOf, problemsNeeded, seedsNeeded } from './power.ts'

test.each([
  // scipy 1.17.1: stats.nct.sf(c, df, shift) + stats.nct.cdf(-c, df, shift), with c = stats.t.isf(level / 2, df).
  [2.5, 4, 0.05, 0.4772611173816534],
  [3, 19, 0.05, 0.8120653802930412],
  [2, 9, 0.01, 0.1774267996573908],
  // statsmodels 0.15.0: TTestPower().power(effect_size=0.5, nobs=30, alpha=0.05) and (1.2, 6, 0.05).
  [0.5 * Math.sqrt(30), 29, 0.05, 0.75396471574379],
  [1.2 * Math.sqrt(6), 5, 0.05, 0.6550433027003536],
])('the power of a t test: shift %d, %d degrees of freedom, level %d', (shift, df, level, expected) => {
  expect(powerOf(shift, df, level)).toBeCloseTo(expected, 8)
})

const DESIGN = { seeds: 5, problems: 800, tasks: 16, comparisons: 1 }

test('where only seeds differ, the test is the t test of the seeds', () => {
  // As TTestPower above: deviation 1 between seeds, and so many problems that nothing else is left.
  const onlySeeds = { seed: 1, problem: 0, rest: 0 }
  expect(power(1.2, onlySeeds, { ...DESIGN, seeds: 6 })).toBeCloseTo(0.6550433027003536, 8)
})

test('a study finds more with more seeds, more problems, and fewer comparisons', () => {
  const size = detectable(ASSUMED, DESIGN)
  expect(power(size, ASSUMED, DESIGN)).toBeCloseTo(0.8, 6)
  expect(detectable(ASSUMED, { ...DESIGN, seeds: 10 })).toBeLessThan(size)
  expect(detectable(ASSUMED, { ...DESIGN, problems: 1600 })).toBeLessThan(size)
  expect(detectable(ASSUMED, { ...DESIGN, comparisons: 4 })).toBeGreaterThan(size)
  expect(detectable(ASSUMED, { ...DESIGN, seeds: 1 })).toBe(Number.POSITIVE_INFINITY)
})

test('the numbers of seeds and problems that a difference needs are the fewest', () => {
  const seeds = seedsNeeded(0.03, ASSUMED, DESIGN)!
  expect(power(0.03, ASSUMED, { ...DESIGN, seeds })).toBeGreaterThanOrEqual(0.8)
  expect(power(0.03, ASSUMED, { ...DESIGN, seeds: seeds - 1 })).toBeLessThan(0.8)
  const perTask = problemsNeeded(0.04, ASSUMED, DESIGN)!
  expect(power(0.04, ASSUMED, { ...DESIGN, problems: 16 * perTask })).toBeGreaterThanOrEqual(0.8)
  expect(power(0.04, ASSUMED, { ...DESIGN, problems: 16 * (perTask - 1) })).toBeLessThan(0.8)
  // Problems alone do not help against the luck of seeds, and seeds alone not against too few problems.
  expect(problemsNeeded(0.002, ASSUMED, DESIGN)).toBeNull()
  expect(seedsNeeded(0.001, ASSUMED, DESIGN)).toBeNull()
})

test('components add up to the share of episodes in which the arms differ', () => {
  const { seed, problem, rest } = componentsOf({ discordance: 0.2, byProblem: 0.25, seedDeviation: 0.03 })
  expect([seed, problem, rest]).toEqual([0.03 ** 2, 0.05, expect.closeTo(0.15, 12)])
})
