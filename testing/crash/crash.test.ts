/** The crash campaign in short, so that `npm run test:crash` cannot rot: it kills, finds what differs, and counts. */
import { expect, test } from 'vitest'
import { JOURNEY } from '../campaign/journey.ts'
import type { Traced } from '../campaign/orders.ts'
import { differences } from '../campaign/outcome.ts'
import { crashCampaign } from './campaign.ts'
import { chooseInstant } from './instant.ts'
import { killTable, sumOf, tellKill } from './table.ts'

test('killed commands come to the same end', async () => {
  const steps = JOURNEY.filter(({ name }) => ['golden', 'sft'].includes(name))
  const lines: string[] = []
  const killed = await crashCampaign({
    steps,
    only: steps.map(({ name }) => name),
    numbers: [1, 2, 3],
    seed: 1,
    jobs: 2,
    keep: false,
    tell: () => {},
    onKill: (one) => lines.push(tellKill(one)),
  })
  const sum = sumOf(killed)
  expect(sum.kills).toBeGreaterThanOrEqual(3)
  expect(killed.flatMap(({ lost, left }) => [...lost, ...left])).toEqual([])
  expect(lines).toHaveLength(3)
  expect(killTable(killed, { ...sum, seed: 1, seconds: 9 })).toContain('lost: 0')
})

test('an instant is a share of the calls, or one call', () => {
  const calls: Traced[] = [
    ['write', 100],
    ['rename', 110],
    ['store', 900],
  ]
  const numbers =
    (...values: number[]) =>
    () =>
      values.shift() ?? 0
  expect(chooseInstant(calls, numbers(0.1, 0.5))).toEqual({
    kind: 'instant',
    interruption: { calls: expect.arrayContaining(['write', 'rename', 'store']), number: 2, how: 'tell' },
    delay: 340,
  })
  expect(chooseInstant(calls, numbers(0.9, 0, 0.4, 0))).toEqual({
    kind: 'write',
    interruption: { calls: ['write'], number: 1, how: 'half' },
    delay: null,
  })
})

test('a difference is told: what is lost, what is more, what is there twice', () => {
  const before = new Map([
    ['table metrics', ['a', 'b']],
    ['files', ['x']],
  ])
  const after = new Map([
    ['table metrics', ['a', 'a']],
    ['files', ['x', 'x.tmp']],
  ])
  expect(differences(before, before)).toEqual([])
  expect(differences(before, after)).toEqual([
    'table metrics: 1 lines lost, such as b; 1 lines more, such as a',
    'files: 1 lines more, such as x.tmp',
  ])
})
