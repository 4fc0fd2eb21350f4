import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { turnFlywheel } from './flywheel.ts'
import type { Stage } from './stage.ts'

/**
 * The stages that run in each round, when validation after rounds 0, 1, 2, ... finds these rounds the best, and the
 * collection of the round `without` gives no pairs.
 */
async function turn(
  flywheel: { rounds: number; patience?: number },
  best: readonly number[] = [],
  without?: number,
): Promise<string[]> {
  const performed: string[] = []
  await turnFlywheel({
    config: configSchema.parse({ flywheel }),
    collection: null,
    async perform<Result>(stage: Stage<Result>, round: number) {
      performed.push(`${stage.name} ${round}`)
      return { best: best[round], pairs: round === without ? 0 : 5 } as Result
    },
  })
  return performed
}

const BEGINNING = ['verify 0', 'golden 0', 'sft 0']
const roundOf = (round: number) => [`collect ${round}`, `dpo ${round}`, `validate ${round}`]

test('one round needs no validation', async () => {
  expect(await turn({ rounds: 1 })).toEqual([...BEGINNING, 'collect 1', 'dpo 1', 'evaluate 1'])
})

test('rounds go on while the latest is the best, up to the limit', async () => {
  expect(await turn({ rounds: 3 }, [0, 1, 2, 3, 4])).toEqual([
    ...BEGINNING,
    'validate 0',
    ...roundOf(1),
    ...roundOf(2),
    ...roundOf(3),
    'evaluate 3',
  ])
})

test('a round that was validated by an older version does not end the rounds', async () => {
  expect((await turn({ rounds: 3 })).at(-1)).toBe('evaluate 3')
})

test('the rounds end when one is worse than an earlier one, or after `patience` such rounds', async () => {
  expect((await turn({ rounds: 9 }, [0, 1, 1])).at(-1)).toBe('evaluate 2')
  expect((await turn({ rounds: 9 }, [0, 0])).at(-1)).toBe('evaluate 1')
  expect((await turn({ rounds: 9, patience: 2 }, [0, 1, 1, 3, 3, 3])).at(-1)).toBe('evaluate 5')
})

test('a later round without pairs ends the rounds, and the policy before it is evaluated', async () => {
  expect(await turn({ rounds: 9 }, [0, 1, 2], 3)).toEqual([
    ...BEGINNING,
    'validate 0',
    ...roundOf(1),
    ...roundOf(2),
    'collect 3',
    'evaluate 2',
  ])
})
