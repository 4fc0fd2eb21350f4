import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { turnFlywheel } from './flywheel.ts'
import type { Stage } from './stage.ts'

/** Which stages are performed in which round, when validation takes these rounds for the best after rounds 0, 1, 2, ... */
async function turn(flywheel: { rounds: number; patience?: number }, best: readonly number[] = []): Promise<string[]> {
  const performed: string[] = []
  await turnFlywheel({
    config: configSchema.parse({ flywheel }),
    collection: null,
    async perform<Result>(stage: Stage<Result>, round: number) {
      performed.push(`${stage.name} ${round}`)
      return { best: best[round] } as Result
    },
  })
  return performed
}

const BEGINNING = ['verify 0', 'golden 0', 'sft 0']
const roundOf = (round: number) => [`collect ${round}`, `dpo ${round}`, `validate ${round}`]

test('one round needs no validation', async () => {
  expect(await turn({ rounds: 1 })).toEqual([...BEGINNING, 'collect 1', 'dpo 1', 'evaluate 1'])
})

test('rounds go on while the latest is the best, and no further than they may', async () => {
  expect(await turn({ rounds: 3 }, [0, 1, 2, 3, 4])).toEqual([
    ...BEGINNING,
    'validate 0',
    ...roundOf(1),
    ...roundOf(2),
    ...roundOf(3),
    'evaluate 3',
  ])
})

test('a round that was validated before rounds were compared does not end them', async () => {
  expect((await turn({ rounds: 3 })).at(-1)).toBe('evaluate 3')
})

test('they end with the first that is worse than an earlier one, or after as many as patience has', async () => {
  expect((await turn({ rounds: 9 }, [0, 1, 1])).at(-1)).toBe('evaluate 2')
  expect((await turn({ rounds: 9 }, [0, 0])).at(-1)).toBe('evaluate 1')
  expect((await turn({ rounds: 9, patience: 2 }, [0, 1, 1, 3, 3, 3])).at(-1)).toBe('evaluate 5')
})
