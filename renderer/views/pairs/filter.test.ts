import { expect, test } from 'vitest'
import { filterOf, sortOf, stateIn } from './filter.ts'

const round = { run: 3, round: 2 }

test('an address without filters asks for the whole round', () => {
  expect(filterOf(round, {}, '')).toEqual(round)
})

test('task, state and search narrow the list', () => {
  const query = { run: '3', round: '2', pair: '7', task: 'click-tab', state: 'dropped' }
  expect(filterOf(round, query, 'ok')).toEqual({ ...round, task: 'click-tab', state: 'dropped', search: 'ok' })
})

test('a round with counts leaves them out of the query', () => {
  expect(filterOf({ ...round, pairs: 9 } as typeof round, {}, '')).toEqual(round)
})

test('an unknown state in the address is ignored', () => {
  expect(stateIn({ state: 'lost' })).toBeUndefined()
  expect(filterOf(round, { state: 'lost' }, '')).toEqual(round)
})

test('the order of the table is the order of the list', () => {
  expect(sortOf({ by: 'margin', descending: true })).toEqual({ sort: 'margin', descending: true })
})

test('a name or a search that is too long for the lab is cut, and an empty name is none', () => {
  const { search, annotator } = filterOf(round, { as: ` ${'a'.repeat(90)}` }, 's'.repeat(900))
  expect([search?.length, annotator?.length]).toEqual([200, 60])
  expect(filterOf(round, { as: '  ' }, '')).toEqual(round)
})

test('an annotator sees the states of the own judgements, and none of the review', () => {
  const query = { as: 'Ada', state: 'edited' }
  expect(stateIn(query)).toBeUndefined()
  expect(filterOf(round, { ...query, state: 'kept' }, '')).toEqual({ ...round, state: 'kept', annotator: 'Ada' })
})
