import { describe, expect, it } from 'vitest'
import { english } from '../messages/say.ts'
import { armName, shortArmName } from './arms.ts'
import { points, pValue } from './figures.ts'
import { paired } from './statistics.ts'
import { type Comparison, findingMessage, standing, standingApart, verdictOf } from './verdict.ts'

/** A comparison in which only this arm solved `won` problems, and only the other solved `lost`. */
const against = (won: number, lost: number, arm = 'dpo'): Comparison => ({ arm, ...paired(won, lost, 50, 50) })
const BETTER = against(40, 5)
const SAME = against(11, 10)
const WORSE = against(5, 40)

describe('a verdict', () => {
  it('calls a difference that could be chance none', () => {
    expect([BETTER, SAME, WORSE].map(standing)).toEqual(['better', 'same', 'worse'])
    expect(standing({ difference: 0.1, p: 0.05 })).toBe('same')
    expect(standing({ difference: 0.1, p: 0.049 })).toBe('better')
  })

  it('speaks of SFT first, then of what DPO was before', () => {
    const findings = verdictOf({ dpo_before: WORSE, sft: BETTER })
    expect(findings).toEqual([
      { kind: 'learned', standing: 'better', against: 'sft', ...BETTER },
      { kind: 'trainedAgain', standing: 'worse', against: 'dpo_before', ...WORSE },
    ])
    expect(findings.map((finding) => english(findingMessage(finding)))).toEqual([
      expect.stringMatching(
        /^DPO solves more problems than SFT: \+24\.1 points, 95% interval \+\d.* to \+\d.*, p < 0\.001\.$/,
      ),
      expect.stringMatching(/^Trained again, DPO solves fewer problems than before: −24\.1 points/),
    ])
  })

  it('says that every control is beaten only where that is so', () => {
    const round = { ...BETTER, arm: 'dpo_round_1' }
    const [all] = verdictOf({ nll_chosen: round, replay: round })
    expect(all).toEqual({
      kind: 'controls',
      standing: 'better',
      arm: 'dpo_round_1',
      against: ['replay', 'nll_chosen'],
      all: true,
    })
    expect(english(findingMessage(all!))).toBe(
      'In this run DPO, round 1 beats every control, given the same episodes and steps: “Golden replay only” and “NLL on chosen”.',
    )
    expect(verdictOf({ replay: round, nll_chosen: SAME })[0]).toMatchObject({ against: ['replay'], all: false })
  })

  it('keeps apart the controls that DPO beats, equals, and loses to', () => {
    const findings = verdictOf({ replay: BETTER, success_sft: SAME, nll_chosen: WORSE, base: BETTER })
    expect(findings.map((finding) => english(findingMessage(finding)))).toEqual([
      'DPO beats “Golden replay only”, given the same episodes and steps.',
      'No measurable difference between DPO and “SFT on own successes”.',
      'DPO is worse than “NLL on chosen”, given the same episodes and steps.',
      expect.stringMatching(/^DPO solves more problems than the base model without training: /),
    ])
  })

  it('says what SFT and DPO learned that the base model could not do', () => {
    const sft = against(30, 40, 'sft')
    expect(verdictOf({ sft: SAME, base: BETTER }, { base: sft }).slice(1)).toEqual([
      { kind: 'fromBase', standing: 'same', against: 'base', ...sft },
      { kind: 'fromBase', standing: 'better', against: 'base', ...BETTER },
    ])
    const [alone] = verdictOf({}, { base: against(5, 40, 'sft') })
    expect(english(findingMessage(alone!))).toMatch(
      /^SFT solves fewer problems than the base model without training: −/,
    )
  })
})

it('names arms, and shorter where there is little room', () => {
  expect(['sft', 'dpo_round_2', 'mine'].map((arm) => english(armName(arm)))).toEqual(['SFT', 'DPO, round 2', 'mine'])
  expect(['sft', 'dpo_before', 'toString'].map((arm) => english(shortArmName(arm)))).toEqual([
    'SFT',
    'DPO before',
    'toString',
  ])
})

it('writes differences in points and p to three digits', () => {
  expect([0.056, -0.013, -0.0001].map(points)).toEqual(['+5.6', '−1.3', '0.0'])
  expect([0.00002, 0.0341].map(pValue)).toEqual(['p < 0.001', 'p = 0.034'])
})

it('tells single tasks apart only where their intervals do not overlap', () => {
  const [low, high] = [
    { low: 0.1, high: 0.4 },
    { low: 0.5, high: 0.9 },
  ]
  expect([standingApart(high, low), standingApart(low, high)]).toEqual(['better', 'worse'])
  expect(standingApart({ low: 0.3, high: 0.6 }, low)).toBe('same')
})
