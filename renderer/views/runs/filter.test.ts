import { expect, test } from 'vitest'
import { choicesOf, chosenIn, type Filtered, filtered, marksAfterRange, marksIn } from './filter.ts'

const run = (id: number, changes: Partial<Filtered> = {}): Filtered => ({
  ...{
    id,
    name: 'lab',
    title: '',
    note: '',
    tags: [],
    command: 'pipeline',
    status: 'done',
    model: 'models/base',
    seed: 42,
  },
  ...changes,
})
const RUNS = [
  run(12, { title: 'Larger beta', tags: ['paper', 'beta'], seed: 7 }),
  run(2, { note: 'The larger one.', status: 'failed' }),
  run(1, { command: 'sft', tags: ['beta'] }),
]
const found = (query: Record<string, string>) => filtered(RUNS, query).map(({ id }) => id)

test('runs are found by words, and by each filter', () => {
  expect(found({})).toEqual([12, 2, 1])
  expect(found({ search: 'LARGER' })).toEqual([12, 2])
  expect(found({ search: 'larger  seed 7' })).toEqual([12])
  expect(found({ tag: 'beta' })).toEqual([12, 1])
  expect(found({ tag: 'beta', command: 'sft' })).toEqual([1])
  expect(found({ status: 'failed' })).toEqual([2])
})

test('a filter that no run has is no filter', () => {
  expect(found({ tag: 'gone', status: 'odd' })).toEqual([12, 2, 1])
  expect(chosenIn({ tag: 'gone' }, 'tag', RUNS)).toBeUndefined()
  expect(choicesOf('tag', RUNS)).toEqual(['beta', 'paper'])
})

test('the address holds the marks', () => {
  expect(marksIn({ marked: '2.99.x.12.2' }, RUNS)).toEqual([2, 12])
})

test('a range marks all rows between, whichever end came first', () => {
  const rows = [5, 4, 3, 2, 1]
  expect(marksAfterRange([5], rows, { from: 0, to: 2, on: true })).toEqual([5, 4, 3])
  expect(marksAfterRange([5, 4, 3], rows, { from: 2, to: 1, on: false })).toEqual([5])
})
