import { expect, test } from 'vitest'
import { english } from '../messages/say.ts'
import { stageLine } from './line.ts'

const line = (stage: string, result: unknown, round = 0) => {
  const said = stageLine({ stage, round, status: 'done', result })
  return said === null ? null : english(said)
}

test('a finished stage has its result in a line', () => {
  expect(line('golden', { samples: 29, recorded: 3, without: [] })).toBe('29 golden samples, 3 new')
  const counts = { seeds: 1, seedsOnlySuccesses: 0, seedsOnlyFailures: 0, sameActions: 0, pageDiffers: 0, ended: 0 }
  const collected = {
    ...counts,
    episodes: 8,
    successes: 2,
    failures: 4,
    faults: 2,
    pairs: 3,
    duplicates: 0,
    overCap: 0,
  }
  expect(line('collect', collected, 1)).toBe('8 attempts, 33.3% solved, 3 pairs')
  const trained = { pairs: 7, reference: 'sft', arms: ['dpo', 'replay', 'nll_chosen'] }
  expect(line('dpo', trained, 1)).toBe('7 pairs, reference: SFT policy; 2 controls trained too')
  expect(line('dpo', { ...trained, arms: ['dpo'] }, 2)).toBe('7 pairs, reference: policy of round 1')
  const rate = { success: 0.5, n: 40, low: 0.3, high: 0.7, faults: 0 }
  expect(line('evaluate', { report: '', round: 1, arms: { sft: rate } })).toBe('SFT 50.0%')
  expect(line('evaluate', { report: '', round: 1, arms: { sft: rate, dpo: rate } })).toBe('SFT 50.0%, DPO 50.0%')
})

test('an unfinished stage has no line, nor has a result of another version', () => {
  expect(stageLine({ stage: 'golden', round: 0, status: 'running', result: null })).toBeNull()
  expect(line('golden', { samples: 'many' })).toBeNull()
  expect(line('unknown', {})).toBeNull()
})
