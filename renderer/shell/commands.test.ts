import { expect, it } from 'vitest'
import { matching, roundToTrain } from './commands.ts'

it('finds commands by a few letters of several words, in any case and order', () => {
  const command = (label: string) => ({ id: label, group: 'go' as const, label, run: () => undefined })
  const commands = ['Go to Results', 'Go to Runs & models', 'Language: English'].map(command)
  expect(matching(commands, 'RES go').map(({ id }) => id)).toEqual(['Go to Results'])
  expect(matching(commands, ' ').length).toBe(3)
  expect(matching(commands, 'zebra')).toEqual([])
})

it('trains again on the round in view, otherwise on the latest', () => {
  const rounds = [
    { run: 5, round: 2 },
    { run: 5, round: 1 },
    { run: 3, round: 1 },
  ]
  const at = (view: 'pairs' | 'results', run: string) => roundToTrain({ view, query: { run, round: '1' } }, rounds)
  expect(at('pairs', '3')).toEqual({ run: 3, round: 1 })
  expect(at('results', '3')).toEqual({ run: 5, round: 2 })
  // Until the address names the round in full, and where it names a round that no longer exists.
  expect(roundToTrain({ view: 'pairs', query: {} }, rounds)).toEqual({ run: 5, round: 2 })
  expect(at('pairs', '4')).toEqual({ run: 5, round: 2 })
  expect(roundToTrain({ view: 'pairs', query: {} }, [])).toBeUndefined()
})
