import { describe, expect, test } from 'vitest'
import {
  type LossOptions,
  nll,
  type PairLogps,
  PREFERENCE_LOSSES,
  type PreferenceLoss,
  withChosenNll,
} from './losses.ts'

const PAIRS: readonly PairLogps[] = [
  { chosen: -12.5, rejected: -9.25, refChosen: -14, refRejected: -8, chosenTokens: 7, rejectedTokens: 5, kl: 0.4 },
  { chosen: -3, rejected: -20, refChosen: -3.5, refRejected: -11, chosenTokens: 4, rejectedTokens: 9, kl: 0 },
  { chosen: -30, rejected: -2, refChosen: -1, refRejected: -25, chosenTokens: 12, rejectedTokens: 3, kl: 1.5 },
]
const OPTIONS: LossOptions = { beta: 0.3, label_smoothing: 0.1, desirable_weight: 1, undesirable_weight: 0.4 }

const log1pexp = (x: number) => Math.log(1 + Math.exp(x))
const logistic = (x: number) => 1 / (1 + Math.exp(-x))

/** The formulas, written from the papers and not from the code. */
const FORMULAS: Record<keyof typeof PREFERENCE_LOSSES, (pair: PairLogps, options: LossOptions) => number> = {
  sigmoid: (p, { beta }) => log1pexp(-(beta * (p.chosen - p.refChosen) - beta * (p.rejected - p.refRejected))),
  hinge: (p, { beta }) => Math.max(0, 1 - beta * (p.chosen - p.rejected - (p.refChosen - p.refRejected))),
  ipo: (p, { beta }) =>
    ((p.chosen - p.refChosen) / p.chosenTokens - (p.rejected - p.refRejected) / p.rejectedTokens - 0.5 / beta) ** 2,
  robust: (p, { beta, label_smoothing: e }) => {
    const h = beta * (p.chosen - p.refChosen - p.rejected + p.refRejected)
    return ((1 - e) * log1pexp(-h) - e * log1pexp(h)) / (1 - 2 * e)
  },
  sigmoid_norm: (p, { beta }) =>
    log1pexp(
      (-beta / p.chosenTokens) * (p.chosen - p.refChosen) + (beta / p.rejectedTokens) * (p.rejected - p.refRejected),
    ),
  kto: (p, { beta, desirable_weight, undesirable_weight }) =>
    0.5 * desirable_weight * (1 - logistic(beta * (p.chosen - p.refChosen - p.kl))) +
    0.5 * undesirable_weight * (1 - logistic(beta * (p.kl - (p.rejected - p.refRejected)))),
  apo_zero: (p, { beta, desirable_weight, undesirable_weight }) =>
    desirable_weight * logistic(-beta * (p.chosen - p.refChosen)) +
    undesirable_weight * logistic(beta * (p.rejected - p.refRejected)),
}

function expectDerivatives(loss: PreferenceLoss, pair: PairLogps): void {
  const h = 1e-5
  const slope = (side: 'chosen' | 'rejected') =>
    (loss({ ...pair, [side]: pair[side] + h }, OPTIONS).loss -
      loss({ ...pair, [side]: pair[side] - h }, OPTIONS).loss) /
    (2 * h)
  const { dChosen, dRejected } = loss(pair, OPTIONS)
  expect(dChosen).toBeCloseTo(slope('chosen'), 6)
  expect(dRejected).toBeCloseTo(slope('rejected'), 6)
}

describe.each(Object.entries(PREFERENCE_LOSSES))('%s', (name, loss) => {
  test.each(PAIRS)('has its paper value and its own slope: $chosen over $rejected', (pair) => {
    expect(loss(pair, OPTIONS).loss).toBeCloseTo(FORMULAS[name as keyof typeof FORMULAS](pair, OPTIONS), 9)
    expectDerivatives(loss, pair)
    expectDerivatives(withChosenNll(loss, 0.7), pair)
  })

  test('pulls chosen up and rejected down', () => {
    const { dChosen, dRejected } = loss(PAIRS[0]!, OPTIONS)
    expect(dChosen).toBeLessThan(0)
    expect(dRejected).toBeGreaterThan(0)
  })
})

test('the DPO loss is log 2 where policy and reference agree', () => {
  const pair = { ...PAIRS[0]!, refChosen: PAIRS[0]!.chosen, refRejected: PAIRS[0]!.rejected }
  expect(PREFERENCE_LOSSES.sigmoid(pair, OPTIONS).loss).toBeCloseTo(Math.log(2), 12)
})

test('the robust loss is DPO where no label is assumed wrong', () => {
  const options = { ...OPTIONS, label_smoothing: 0 }
  for (const pair of PAIRS)
    expect(PREFERENCE_LOSSES.robust(pair, options)).toEqual(PREFERENCE_LOSSES.sigmoid(pair, options))
})

test('extreme margins stay finite', () => {
  const far = { ...PAIRS[0]!, chosen: -9000, rejected: -1 }
  for (const loss of Object.values(PREFERENCE_LOSSES)) {
    for (const value of Object.values(loss(far, OPTIONS))) expect(Number.isFinite(value)).toBe(true)
  }
})

test('the RPO term is the mean NLL of the chosen', () => {
  const pair = PAIRS[0]!
  const plain = PREFERENCE_LOSSES.sigmoid(pair, OPTIONS).loss
  expect(withChosenNll(PREFERENCE_LOSSES.sigmoid, 2)(pair, OPTIONS).loss - plain).toBeCloseTo((2 * 12.5) / 7, 9)
})

test('nll is the weighted mean over the whole batch', () => {
  const { loss, dLogprobs } = nll(new Float32Array([-1, -2, -4]), new Float32Array([1, 1, 0.5]), 5)
  expect(loss).toBeCloseTo(1, 6)
  expect([...dLogprobs]).toEqual([-0.2, -0.2, -0.1].map(Math.fround))
})
