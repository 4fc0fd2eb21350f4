import { describe, expect, it } from 'vitest'
import { sentencesOf } from './significance.ts'

describe('sentencesOf', () => {
  it('calls a gain that could be chance none', () => {
    expect(sentencesOf({ sft: { arm: 'dpo', difference: 0.03, p: 0.2 } })).toEqual([
      { kind: 'same', arm: 'dpo', arms: ['sft'] },
    ])
  })

  it('says better or worse only below the level', () => {
    expect(sentencesOf({ sft: { arm: 'dpo', difference: 0.06, p: 0.001 } })[0]!.kind).toBe('better')
    expect(sentencesOf({ sft: { arm: 'dpo', difference: -0.06, p: 0.001 } })[0]!.kind).toBe('worse')
  })

  it('says whether training again helped', () => {
    const kindAfter = (difference: number, p: number) =>
      sentencesOf({ dpo_before: { arm: 'dpo', difference, p } })[0]?.kind
    expect([kindAfter(0.02, 0.4), kindAfter(0.05, 0.01), kindAfter(-0.05, 0.01)]).toEqual([
      'againSame',
      'againBetter',
      'againWorse',
    ])
  })

  it('says that it had to be DPO only where every control is beaten, by the name of the control', () => {
    const won = { arm: 'dpo_round_1', difference: 0.05, p: 0.01 }
    expect(sentencesOf({ replay: won, nll_chosen: won })).toEqual([
      { kind: 'hadToBe', arm: 'dpo_round_1', arms: ['nll_chosen', 'replay'] },
    ])
    expect(sentencesOf({ replay: won, nll_chosen: { ...won, p: 0.5 } })[0]).toEqual({
      kind: 'beats',
      arm: 'dpo_round_1',
      arms: ['replay'],
    })
  })

  it('keeps apart the controls that DPO beats, equals, and loses to', () => {
    const sentences = sentencesOf({
      sft: { arm: 'dpo', difference: 0.1, p: 0.001 },
      replay: { arm: 'dpo', difference: 0.05, p: 0.01 },
      success_sft: { arm: 'dpo', difference: 0.01, p: 0.6 },
      nll_chosen: { arm: 'dpo', difference: -0.05, p: 0.02 },
    })
    expect(sentences.slice(1)).toEqual([
      { kind: 'beats', arm: 'dpo', arms: ['replay'] },
      { kind: 'equal', arm: 'dpo', arms: ['success_sft'] },
      { kind: 'beaten', arm: 'dpo', arms: ['nll_chosen'] },
    ])
  })
})
