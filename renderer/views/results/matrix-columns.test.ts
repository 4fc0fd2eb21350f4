import { expect, test } from 'vitest'
import { columnId, matrixColumns, solvedByIn, sortOf, stageIn } from './matrix-columns.ts'

test('each policy of each round is a column, and a collection has room for several attempts', () => {
  const group = (round: number, arm: string, task: string) => ({
    stage: 's',
    round,
    arm,
    task,
    outcome: 'success' as const,
    count: 2,
  })
  const columns = matrixColumns([
    group(2, 'dpo', 'a'),
    group(1, 'dpo', 'a'),
    group(1, 'sft', 'a'),
    group(1, 'sft', 'b'),
    group(1, '', 'a'),
  ])
  expect(columns.map(({ round, arm, attempts }) => [round, arm, attempts])).toEqual([
    [1, 'sft', 1],
    [1, 'dpo', 1],
    [1, '', 8],
    [2, 'dpo', 1],
  ])
})

test('an address with other words shows every problem of the evaluation', () => {
  expect([stageIn({ stage: 'sft' }), solvedByIn({ solved: 'odd' })]).toEqual(['evaluate', undefined])
  expect([stageIn({ stage: 'collect' }), solvedByIn({ solved: 'some' })]).toEqual(['collect', 'some'])
})

test('an address sorts by a task, a seed, or a policy of a round', () => {
  expect(sortOf(columnId({ round: 2, arm: 'success_sft' }))).toEqual({ round: 2, arm: 'success_sft' })
  // The policy of a collection has no name of its own.
  expect(sortOf(columnId({ round: 1, arm: '' }))).toEqual({ round: 1, arm: '' })
  expect(['task', 'seed', 'dpo', 'x dpo'].map(sortOf)).toEqual(['task', 'seed', undefined, undefined])
})
