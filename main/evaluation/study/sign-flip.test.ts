import { expect, test } from 'vitest'
import { mcnemar } from '../statistics.ts'
import { signFlip } from './sign-flip.ts'

test("Fisher's example: Darwin's crossed and self-fertilised maize", () => {
  // The Design of Experiments, section 21: of 32768 ways 863 are at least as great, so 1726 in both directions.
  const eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
  expect(signFlip(eighths)).toBeCloseTo(1726 / 32768, 12)
})

test('agrees with scipy 1.17.1, permutation_test(permutation_type="samples") over all permutations', () => {
  expect(signFlip([2, -1, 3, 0, 1, -2, 2, 1, 0, 1, 3, -1])).toBeCloseTo(0.18359375, 12)
})

test("with one seed it is McNemar's exact test", () => {
  const differences = [...Array(8).fill(1), ...Array(2).fill(-1), ...Array(30).fill(0)]
  expect(signFlip(differences)).toBeCloseTo(mcnemar(8, 2), 12)
  expect(signFlip([0, 0])).toBe(1)
  expect(signFlip([])).toBe(1)
})
