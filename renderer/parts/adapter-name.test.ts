import type { TFunction } from 'i18next'
import { expect, test } from 'vitest'
import { adapterName } from './adapter-name.ts'

const t = ((key: string, values: object) => [key, ...Object.values(values)].join(' ')) as unknown as TFunction

test('the name of an adapter has its round where the run has several, or where the round is not the first', () => {
  const one = { path: 'p', arm: 'dpo', run: 3, round: 1, rounds: 1 }
  expect(adapterName(t, one)).not.toContain('episodes.round')
  expect(adapterName(t, { ...one, rounds: 2 })).toContain('episodes.round 1')
  expect(adapterName(t, { ...one, round: 2 })).toContain('episodes.round 2')
  expect(adapterName(t, { ...one, arm: 'sft', round: 0, rounds: 2 })).not.toContain('episodes.round')
  expect(adapterName(t, { ...one, run: null })).toBe('p')
})
