import { describe, expect, it } from 'vitest'
import type { Point } from '../../parts/curve/series.ts'
import { warningsOf } from './warnings.ts'

const curve = (at: (share: number) => number, steps = 50): Point[] =>
  Array.from({ length: steps }, (_, step): Point => [step + 1, at(step / (steps - 1))])

describe('warningsOf', () => {
  it('says nothing of a training that goes as it should', () => {
    const healthy = {
      loss: curve((share) => 0.69 - 0.3 * share),
      'logps/chosen': curve((share) => -6 + share),
      'rewards/accuracies': curve((share) => 0.5 + 0.4 * share),
      'replay/loss': curve(() => 0.2),
    }
    expect(warningsOf(healthy)).toEqual([])
  })

  it('sees the chosen answer sink', () => {
    expect(warningsOf({ 'logps/chosen': curve((share) => -6 - 5 * share) })).toEqual(['chosenFalls'])
  })

  it('sees every pair right from the start', () => {
    expect(warningsOf({ 'rewards/accuracies': curve((share) => (share < 0.05 ? 0.5 : 1)) })).toEqual(['accuracyEarly'])
    expect(warningsOf({ 'rewards/accuracies': curve((share) => (share < 0.6 ? 0.7 : 1)) })).toEqual([])
  })

  it('sees a loss of nothing, and forgetting', () => {
    expect(warningsOf({ loss: curve(() => 0.001) })).toEqual(['lossZero'])
    expect(warningsOf({ 'replay/loss': curve((share) => 0.2 + 0.4 * share) })).toEqual(['forgets'])
  })

  it('waits for enough steps', () => {
    expect(warningsOf({ 'logps/chosen': curve((share) => -6 - 5 * share, 5) })).toEqual([])
  })
})
