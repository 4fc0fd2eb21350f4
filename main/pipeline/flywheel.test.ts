import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { turnFlywheel } from './flywheel.ts'
import type { Stage } from './stage.ts'

/** Which stages are performed in which round, when validation finds these successes after rounds 0, 1, 2, ... */
async function turn(
  flywheel: { rounds: number; patience?: number },
  success: readonly number[] = [],
): Promise<string[]> {
  const performed: string[] = []
  await turnFlywheel({
    config: configSchema.parse({ flywheel }),
    collection: null,
    async perform<Result>(stage: Stage<Result>, round: number) {
      performed.push(`${stage.name} ${round}`)
      return { success: success[round] } as Result
    },
  })
  return performed
}

const BEGINNING = ['verify 0', 'golden 0', 'sft 0']
const roundOf = (round: number) => [`collect ${round}`, `dpo ${round}`, `validate ${round}`]

test('one round needs no validation', async () => {
  expect(await turn({ rounds: 1 })).toEqual([...BEGINNING, 'collect 1', 'dpo 1', 'evaluate 1'])
})

test('rounds go on while validation improves, and no further than they may', async () => {
  expect(await turn({ rounds: 3 }, [0.5, 0.6, 0.7, 0.8, 0.9])).toEqual([
    ...BEGINNING,
    'validate 0',
    ...roundOf(1),
    ...roundOf(2),
    ...roundOf(3),
    'evaluate 3',
  ])
})

test('they end with the first that does not improve, or after as many as patience has', async () => {
  expect((await turn({ rounds: 9 }, [0.5, 0.6, 0.6])).at(-1)).toBe('evaluate 2')
  expect((await turn({ rounds: 9 }, [0.5, 0.4])).at(-1)).toBe('evaluate 1')
  expect((await turn({ rounds: 9, patience: 2 }, [0.5, 0.6, 0.5, 0.7, 0.7, 0.7])).at(-1)).toBe('evaluate 5')
})
