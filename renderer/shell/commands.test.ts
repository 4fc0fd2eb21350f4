import { expect, it } from 'vitest'
import { matching } from './commands.ts'

it('finds commands by a few letters of several words, in any case and order', () => {
  const command = (label: string) => ({ id: label, group: 'go' as const, label, run: () => undefined })
  const commands = ['Go to Results', 'Go to Runs & models', 'Language: English'].map(command)
  expect(matching(commands, 'RES go').map(({ id }) => id)).toEqual(['Go to Results'])
  expect(matching(commands, ' ').length).toBe(3)
  expect(matching(commands, 'zebra')).toEqual([])
})
