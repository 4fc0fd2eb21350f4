import { expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { message } from '../messages/message.ts'
import type { Ending, Episode } from '../store/episode.ts'
import { cell, changesBetween, compare, failures, faults, onSharedProblems, successTable } from './evaluate.ts'

const episode = (task: string, seed: number, ending: Ending): Episode => ({
  task,
  seed,
  attempt: 0,
  instruction: '',
  ...ending,
  steps: [],
  duration: 0,
})

/** One letter an episode, with seeds from 0 on: s success, f failure, x fault. */
const episodes = (task: string, letters: string) =>
  [...letters].map((letter, seed) =>
    episode(task, seed, ENDINGS[letter === 's' ? 'success' : letter === 'f' ? 'failure' : 'fault']),
  )

test('faults are counted apart from what was tried', () => {
  expect(cell(episodes('a', 'ssfx'))).toMatchObject({ success: 2 / 3, successes: 2, n: 3, faults: 1 })
  expect(cell(episodes('a', 'xx'))).toEqual({ success: 0, successes: 0, n: 0, faults: 2, low: 0, high: 1 })
})

test('the table has every task, category and the whole, for every arm', () => {
  const sft = {
    name: 'sft',
    episodes: [...episodes('click-a', 'sf'), ...episodes('type-b', 'ff'), ...episodes('click-c', 'ss')],
  }
  const dpo = { name: 'dpo', episodes: [...episodes('click-a', 'ss'), ...episodes('type-b', 'sf')] }
  const table = successTable([sft, dpo], (task) => task.split('-')[0]!)
  expect(table.arms).toEqual(['sft', 'dpo'])
  const figures = table.tasks.map(({ name, cells }) => [
    name,
    cells.sft!.success,
    cells.sft!.n,
    cells.dpo!.success,
    cells.dpo!.n,
  ])
  expect(figures).toEqual([
    ['click-a', 0.5, 2, 1, 2],
    ['type-b', 0, 2, 0.5, 2],
    ['click-c', 1, 2, 0, 0],
  ])
  expect(table.categories.map(({ name, cells }) => [name, cells.sft!.successes, cells.sft!.n])).toEqual([
    ['click', 3, 4],
    ['type', 0, 2],
  ])
  expect(table.overall.cells.dpo).toMatchObject({ successes: 3, n: 4 })
})

test('changes are those of the problems of a task, of a category, and of all', () => {
  const arm = { name: 'dpo', episodes: [...episodes('click-a', 'ss'), ...episodes('type-b', 'sf')] }
  const baseline = { name: 'sft', episodes: [...episodes('click-a', 'sf'), ...episodes('click-c', 'ss')] }
  const { tasks, categories, overall } = changesBetween(arm, baseline, (task) => task.split('-')[0]!)
  expect(tasks['click-a']).toEqual(
    compare({ name: '', episodes: episodes('click-a', 'ss') }, { name: '', episodes: episodes('click-a', 'sf') }),
  )
  expect(tasks['click-a']).toMatchObject({ n: 2, won: 1, both: 1, difference: 0.5 })
  expect(Object.entries(tasks).map(([name, { n }]) => [name, n])).toEqual([
    ['click-a', 2],
    ['type-b', 0],
    ['click-c', 0],
  ])
  expect([categories.click?.n, overall.n]).toEqual([2, 2])
})

test('arms are compared on problems that both played without a fault', () => {
  const arm = { name: 'dpo', episodes: [...episodes('a', 'ssffxs'), ...episodes('only', 's')] }
  const baseline = { name: 'sft', episodes: [...episodes('a', 'sfsfsx'), ...episodes('other', 's')].reverse() }
  expect(compare(arm, baseline)).toMatchObject({ n: 4, won: 1, lost: 1, both: 1, neither: 1, difference: 0, p: 1 })
})

test('a problem that the environment broke for one arm is counted for none', () => {
  const arms = [
    { name: 'sft', episodes: episodes('a', 'sfsf') },
    { name: 'dpo', episodes: episodes('a', 'sxss') },
    { name: 'replay', episodes: episodes('a', 'sssx') },
  ]
  const cells = onSharedProblems(arms).map((arm) => cell(arm.episodes))
  expect(cells).toMatchObject([
    { successes: 2, n: 2, faults: 0 },
    { successes: 2, n: 2, faults: 1 },
    { successes: 2, n: 2, faults: 1 },
  ])
})

test('causes come by frequency, faults apart', () => {
  const failure = (reason: 'wrong' | 'form') => ({ outcome: 'failure', reason, reward: 0 }) as const
  const late = (limit: number) =>
    ({ outcome: 'fault', fault: message('episodeTooLong', { limit }), reward: 0 }) as const
  const endings = [failure('wrong'), failure('form'), failure('wrong'), late(5), late(9), late(9), ENDINGS.success]
  const list = endings.map((ending, seed) => episode('a', seed, ending))
  expect(failures(list)).toEqual([
    ['wrong', 2],
    ['form', 1],
  ])
  expect(faults(list)).toEqual([
    [message('episodeTooLong', { limit: 9 }), 2],
    [message('episodeTooLong', { limit: 5 }), 1],
  ])
})
