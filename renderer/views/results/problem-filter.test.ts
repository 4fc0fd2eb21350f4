import { expect, test } from 'vitest'
import { problemFilter } from './problem-filter.ts'

const against = { sft: { arm: 'dpo_round_2' }, replay: { arm: 'dpo' } }

test('nothing is listed before a kind or a task is chosen', () => {
  expect(problemFilter({ run: '1', against: 'replay' }, against)).toBeNull()
  expect(problemFilter({ kind: 'drawn' }, against)).toBeNull()
})

test('a kind compares the two policies in the address', () => {
  const filter = problemFilter({ kind: 'won', against: 'replay' }, against)
  expect(filter).toEqual({ arm: 'dpo', other: 'replay', kind: 'won', task: undefined })
})

test('a task alone compares with SFT', () => {
  const filter = problemFilter({ task: 'click-tab' }, against)
  expect(filter).toEqual({ arm: 'dpo_round_2', other: 'sft', kind: undefined, task: 'click-tab' })
})

test('a policy without a comparison is not listed', () => {
  expect(problemFilter({ kind: 'lost', against: 'base' }, against)?.other).toBe('sft')
  expect(problemFilter({ kind: 'lost' }, {})).toEqual({ arm: 'dpo', other: 'sft', kind: 'lost', task: undefined })
})
