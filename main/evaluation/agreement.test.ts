import { expect, test } from 'vitest'
import { agreement } from './agreement.ts'

/** Judgements with these counts: a row for each category of the first annotator, a column for each of the second. */
function judged(counts: readonly (readonly number[])[]): [Map<number, string>, Map<number, string>] {
  const [one, other] = [new Map<number, string>(), new Map<number, string>()]
  for (const [a, row] of counts.entries()) {
    for (const [b, count] of row.entries()) {
      for (let at = 0; at < count; at++) {
        const item = one.size
        one.set(item, `c${a}`)
        other.set(item, `c${b}`)
      }
    }
  }
  return [one, other]
}

test("Cohen's kappa of a published example: diagnoses of 100 subjects", () => {
  // Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, third edition, table 18.1 and equation 18.8.
  const { n, observed, kappa } = agreement(
    ...judged([
      [75, 1, 4],
      [5, 4, 1],
      [0, 0, 10],
    ]),
  )
  expect([n, observed]).toEqual([100, 0.89])
  expect(kappa).toBeCloseTo(0.676, 3)
})

test('full agreement is 1, that of chance 0, and less than chance negative', () => {
  expect(
    agreement(
      ...judged([
        [3, 0],
        [0, 2],
      ]),
    ).kappa,
  ).toBeCloseTo(1, 12)
  expect(
    agreement(
      ...judged([
        [4, 4],
        [4, 4],
      ]),
    ).kappa,
  ).toBeCloseTo(0, 12)
  expect(
    agreement(
      ...judged([
        [0, 5],
        [5, 0],
      ]),
    ).kappa,
  ).toBeCloseTo(-1, 12)
})

test('only items that both judged count, and without any, or with one category alone, there is no kappa', () => {
  const one = new Map([
    [1, 'keep'],
    [2, 'keep'],
    [3, 'drop'],
  ])
  const other = new Map([
    [2, 'keep'],
    [3, 'keep'],
    [4, 'drop'],
  ])
  expect(agreement(one, other)).toMatchObject({ n: 2, observed: 0.5 })
  expect(agreement(one, new Map())).toEqual({ n: 0, observed: null, kappa: null })
  expect(agreement(...judged([[7]]))).toEqual({ n: 7, observed: 1, kappa: null })
})
