import { describe, expect, it } from 'vitest'
import type { Point } from '../../parts/curve/series.ts'
import { Curves } from './charts.ts'
import { warningsAmong, warningsOf } from './warnings.ts'

const curve = (at: (share: number) => number, steps = 50): Point[] =>
  Array.from({ length: steps }, (_, step): Point => [step + 1, at(step / (steps - 1))])

describe('warningsOf', () => {
  it('is silent about a healthy training', () => {
    const healthy = {
      loss: curve((share) => 0.69 - 0.3 * share),
      'logps/chosen': curve((share) => -6 + share),
      'rewards/accuracies': curve((share) => 0.5 + 0.4 * share),
      'replay/loss': curve(() => 0.2),
    }
    expect(warningsOf(healthy)).toEqual([])
  })

  it('warns when the chosen answer loses probability', () => {
    expect(warningsOf({ 'logps/chosen': curve((share) => -6 - 5 * share) })).toEqual(['chosenFalls'])
  })

  it('warns when every pair is right from the start', () => {
    expect(warningsOf({ 'rewards/accuracies': curve((share) => (share < 0.05 ? 0.5 : 1)) })).toEqual(['accuracyEarly'])
    expect(warningsOf({ 'rewards/accuracies': curve((share) => (share < 0.6 ? 0.7 : 1)) })).toEqual([])
  })

  it('warns of a loss of zero, and of forgetting', () => {
    expect(warningsOf({ loss: curve(() => 0.001) })).toEqual(['lossZero'])
    expect(warningsOf({ 'replay/loss': curve((share) => 0.2 + 0.4 * share) })).toEqual(['forgets'])
  })

  it('waits for enough steps', () => {
    expect(warningsOf({ 'logps/chosen': curve((share) => -6 - 5 * share, 5) })).toEqual([])
  })
})

describe('warningsAmong', () => {
  const arm = (name: string) => ({ run: 1, stage: 'dpo', round: 1, arm: name, names: ['loss', 'grad_norm'] })
  const zero = (name: string) => {
    const [steps, values] = [Array.from({ length: 20 }, (_, at) => at), Array.from({ length: 20 }, () => 0.001)]
    return { ...arm(name), name: 'loss', steps, mean: values, low: values, high: values }
  }

  it('names the training, and leaves out one without pairs', () => {
    const curves = new Curves([zero('dpo'), zero('replay')])
    const [dpo, replay, other] = [arm('dpo'), arm('replay'), arm('nll_chosen')]
    expect(warningsAmong([dpo, replay, other], curves)).toEqual([{ arm: dpo, warning: 'lossZero' }])
  })
})
