import { expect, test } from 'vitest'
import { incompleteBeta, lnGamma, noncentralT, normalCdf, studentCritical, studentP } from './student.ts'

// All figures are scipy 1.17.1's: stats.t, stats.nct, stats.norm, special.betainc and special.gammaln.

test.each([
  [2.776445, 4, 0.05000000538209156],
  [1.2, 2.5, 0.3314388376658776],
  [-3.1, 37.2, 0.0036782346320968933],
  [0.01, 799, 0.9920237836142186],
  [12, 3, 0.0012450158007893362],
])('the two-sided p of t = %d with %d degrees of freedom', (t, df, p) => {
  expect(studentP(t, df)).toBeCloseTo(p, 11)
})

test.each([
  [0.05, 4, 2.7764451051977943],
  [0.05, 1, 12.706204736174705],
  [0.0125, 6.3, 3.457460963114529],
  [0.05, 1000, 1.9623390808264085],
])('the critical t of p = %d with %d degrees of freedom', (p, df, t) => {
  expect(studentCritical(p, df)).toBeCloseTo(t, 8)
})

test.each([
  [2, 4, 1.5, 0.6189289251396548],
  [2.776, 4, 3, 0.3806222701078517],
  [-1, 10, 0.5, 0.0747754458825787],
  [-2.776, 4, 3, 3.92456222746097e-6],
  [0.3, 2.2, 0, 0.6049094107710646],
  [5, 30.5, 6, 0.1898702509185241],
])('the noncentral t at %d with %d degrees of freedom, shifted by %d', (t, df, shift, probability) => {
  expect(noncentralT(t, df, shift)).toBeCloseTo(probability, 9)
})

test('the functions beneath', () => {
  expect(incompleteBeta(0.3, 2, 5)).toBeCloseTo(0.5798250000000003, 12)
  expect([incompleteBeta(0, 2, 5), incompleteBeta(1, 2, 5)]).toEqual([0, 1])
  expect(normalCdf(-3)).toBeCloseTo(0.0013498980316300933, 13)
  expect(normalCdf(1.96)).toBeCloseTo(0.9750021048517795, 13)
  expect([normalCdf(-40), normalCdf(0), normalCdf(40)]).toEqual([0, 0.5, 1])
  expect(lnGamma(0.5)).toBeCloseTo(0.5723649429247, 11)
  expect(lnGamma(2.3)).toBeCloseTo(0.15418945495963046, 11)
  expect(lnGamma(100.5)).toBeCloseTo(361.43554046777757, 9)
})
