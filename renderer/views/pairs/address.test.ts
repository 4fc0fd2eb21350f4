import { beforeAll, expect, test, vi } from 'vitest'
import type * as Address from './address.ts'

let roundOf: typeof Address.roundOf

beforeAll(async () => {
  vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => undefined })
  ;({ roundOf } = await import('./address.ts'))
})

const newest = { run: 2, round: 1 }
const rounds = [newest, { run: 1, round: 2 }, { run: 1, round: 1 }]
const left = { newest, query: { run: '1', round: '2', pair: '310', search: 'ok' } }

test('an address that names a round stays unchanged', () => {
  expect(roundOf(rounds, { run: '1', round: '2', pair: '7' }, left)).toEqual({ round: rounds[1], lacks: null })
})

test('an address that names no round gets the newest, or the first of the run that it names', () => {
  expect(roundOf(rounds, {}, null)).toEqual({ round: newest, lacks: { run: 2, round: 1, pair: undefined } })
  expect(roundOf(rounds, { run: '1' }, left).lacks).toEqual({ run: 1, round: 1, pair: undefined })
  expect(roundOf([], {}, left)).toEqual({ round: undefined, lacks: null })
})

test('a pair of a round that is gone is not looked up in another round', () => {
  expect(roundOf(rounds, { run: '9', round: '1', pair: '7' }, left).lacks).toEqual({ ...newest, pair: undefined })
})

test('the bare address leads back to the round that was left, until there is a newer round', () => {
  expect(roundOf(rounds, {}, left)).toEqual({ round: rounds[1], lacks: left.query })
  const newer = { run: 3, round: 1 }
  expect(roundOf([newer, ...rounds], {}, left)).toEqual({ round: newer, lacks: { ...newer, pair: undefined } })
  expect(roundOf([newest], {}, left).lacks).toEqual({ ...newest, pair: undefined })
})
