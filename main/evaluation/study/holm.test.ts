import { expect, test } from 'vitest'
import { holm } from './holm.ts'

test('agrees with statsmodels 0.15.0, multipletests(method="holm")', () => {
  const adjusted = [0.04, 0.09, 0.09, 0.025, 0.5]
  for (const [at, p] of holm([0.01, 0.04, 0.03, 0.005, 0.5]).entries()) expect(p).toBeCloseTo(adjusted[at]!, 12)
})

test('one comparison needs no correction, and no p exceeds 1', () => {
  expect(holm([])).toEqual([])
  expect(holm([0.03])).toEqual([0.03])
  expect(holm([0.9, 0.8])).toEqual([1, 1])
})
