import { expect, test } from 'vitest'
import { mainTrainings, metricsOf, type Training } from './trainings.ts'

const training = (run: number, stage: string, round: number, arm: string, names: string[]): Training => ({
  ...{ run, stage, round, arm, names, lastStep: 9 },
})

test('of each run the latest round of the policy that the stage is named for is drawn', () => {
  const all = [
    training(1, 'sft', 0, 'sft', ['loss']),
    training(1, 'dpo', 1, 'dpo', ['loss', 'rewards/margins']),
    training(1, 'dpo', 2, 'dpo', ['loss']),
    training(1, 'dpo', 2, 'replay', ['odd']),
    training(2, 'dpo', 1, 'dpo', ['loss']),
  ]
  expect(metricsOf(all).map(({ id }) => id)).toEqual(['dpo loss', 'dpo rewards/margins', 'sft loss'])
  const drawn = (name: string) =>
    mainTrainings(all, { id: '', stage: 'dpo', name }).map(({ run, round }) => [run, round])
  expect(drawn('loss')).toEqual([
    [1, 2],
    [2, 1],
  ])
  expect(drawn('rewards/margins')).toEqual([[1, 1]])
})
