import { expect, test } from 'vitest'
import { choicesOf, filterOf } from './filter.ts'

test('an address without filters asks for every episode', () => {
  expect(filterOf({ episode: '12' }, '')).toEqual({})
})

test('every filter of the address narrows the list, and numbers are read as numbers', () => {
  const query = {
    run: '3',
    stage: 'evaluate',
    round: '2',
    arm: 'dpo',
    task: 'click-tab',
    reason: 'steps',
    outcome: 'failure',
  }
  expect(filterOf(query, 'ok')).toEqual({ ...query, run: 3, round: 2, search: 'ok' })
})

test('an unknown outcome is ignored', () => {
  expect(filterOf({ outcome: 'lost' }, '')).toEqual({})
})

test('each value is offered once, in order', () => {
  const group = (stage: string, round: number, arm: string, task: string) => ({ stage, round, arm, task })
  const groups = [
    group('collect', 10, '', 'click-tab'),
    group('collect', 2, '', 'click-button'),
    group('evaluate', 1, 'dpo', 'click-tab'),
    group('evaluate', 1, 'nll_chosen', 'click-tab'),
    group('evaluate', 1, 'sft', 'click-tab'),
  ]
  expect(choicesOf(groups)).toEqual({
    stages: ['collect', 'evaluate'],
    rounds: ['1', '2', '10'],
    arms: ['sft', 'nll_chosen', 'dpo'],
    tasks: ['click-button', 'click-tab'],
  })
})

test('numbers that are none do not reach the lab, and a search is cut', () => {
  expect(filterOf({ run: '-1', round: 'x' }, 's'.repeat(900))).toEqual({ search: 's'.repeat(200) })
  expect(filterOf({ run: '1e9', round: '0' }, '')).toEqual({ round: 0 })
})
