import { describe, expect, it } from 'vitest'
import { sentencesOf } from './significance.ts'

describe('sentencesOf', () => {
  it('calls a gain that could be chance none', () => {
    expect(sentencesOf({ sft: { difference: 0.03, p: 0.2 } })).toEqual([{ kind: 'same', arms: ['sft'] }])
  })

  it('says better or worse only below the level', () => {
    expect(sentencesOf({ sft: { difference: 0.06, p: 0.001 } })[0]!.kind).toBe('better')
    expect(sentencesOf({ sft: { difference: -0.06, p: 0.001 } })[0]!.kind).toBe('worse')
  })

  it('says whether training again helped', () => {
    const kindAfter = (difference: number, p: number) => sentencesOf({ dpo_before: { difference, p } })[0]?.kind
    expect([kindAfter(0.02, 0.4), kindAfter(0.05, 0.01), kindAfter(-0.05, 0.01)]).toEqual([
      'againSame',
      'againBetter',
      'againWorse',
    ])
  })

  it('says that it had to be DPO only where every control is beaten, by the name of the control', () => {
    const won = { arm: 'dpo', difference: 0.05, p: 0.01 }
    expect(sentencesOf({ replay: won, nll_chosen: won })).toEqual([{ kind: 'hadToBe', arms: ['nll_chosen', 'replay'] }])
    expect(sentencesOf({ replay: won, nll_chosen: { ...won, p: 0.5 } })[0]).toEqual({ kind: 'beats', arms: ['replay'] })
  })

  it('keeps apart the controls that DPO beats, equals, and loses to', () => {
    const sentences = sentencesOf({
      sft: { difference: 0.1, p: 0.001 },
      replay: { difference: 0.05, p: 0.01 },
      success_sft: { difference: 0.01, p: 0.6 },
      nll_chosen: { difference: -0.05, p: 0.02 },
    })
    expect(sentences.slice(1)).toEqual([
      { kind: 'beats', arms: ['replay'] },
      { kind: 'equal', arms: ['success_sft'] },
      { kind: 'beaten', arms: ['nll_chosen'] },
    ])
  })
})
