import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { sampleEpisode } from '../../testing/samples.ts'
import { configSchema } from '../config/schema.ts'
import type { ProblemOrder } from './played.ts'
import { Store } from './store.ts'

let store: Store
let run: number

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'played-')), 'lab.sqlite'))
  run = store.runs.create('trial', 'pipeline', configSchema.parse({}))
})
afterEach(() => store.close())

const all = { offset: 0, limit: 100 }
function play(task: string, seed: number, arm: string, outcome: 'success' | 'failure', round = 1, stage = 'evaluate') {
  store.episodes.add({ run, stage, round, arm }, { ...sampleEpisode(task, seed, 0), ...ENDINGS[outcome] })
}

test('a problem has every attempt of every policy and round, and problems are found by who solved them', () => {
  play('a', 1, 'sft', 'failure')
  play('a', 1, 'dpo', 'failure', 1)
  play('a', 1, 'dpo', 'success', 2)
  play('a', 2, 'sft', 'success')
  play('b', 1, 'sft', 'failure')
  play('b', 9, '', 'success', 1, 'collect')
  const filter = { run, stage: 'evaluate' }
  const { rows, total } = store.played.problems(filter, { offset: 0, limit: 2 })
  expect(total).toBe(3)
  expect(rows.map(({ task, seed }) => `${task} ${seed}`)).toEqual(['a 1', 'a 2'])
  expect(rows[0]?.attempts.map(({ round, arm, outcome }) => `${round} ${arm} ${outcome}`)).toEqual([
    '1 dpo failure',
    '1 sft failure',
    '2 dpo success',
  ])
  const found = (solvedBy: 'all' | 'some' | 'none', task?: string) =>
    store.played.problems({ ...filter, solvedBy, task }, all).rows.map((row) => `${row.task} ${row.seed}`)
  expect([found('some'), found('all'), found('none'), found('none', 'a')]).toEqual([['a 1'], ['a 2'], ['b 1'], []])
  const sorted = (by: ProblemOrder['by'], descending: boolean) =>
    store.played.problems(filter, all, { by, descending }).rows.map(({ task, seed }) => `${task} ${seed}`)
  expect(sorted('task', true)).toEqual(['b 1', 'a 1', 'a 2'])
  expect(sorted('seed', true)).toEqual(['a 2', 'a 1', 'b 1'])
  expect(sorted({ round: 1, arm: 'sft' }, true)).toEqual(['a 2', 'a 1', 'b 1'])
  // A problem that the policy did not play comes last in both directions.
  expect(sorted({ round: 2, arm: 'dpo' }, false)).toEqual(['a 1', 'a 2', 'b 1'])
  expect(sorted({ round: 2, arm: 'dpo' }, true)).toEqual(['a 1', 'a 2', 'b 1'])
})

test('a task counts its ends over runs and rounds, without deleted runs', () => {
  play('a', 1, 'dpo', 'failure')
  play('a', 2, 'dpo', 'failure')
  play('a', 3, 'dpo', 'success', 2)
  play('b', 1, 'dpo', 'success')
  expect(store.played.task('a')).toMatchObject([
    { run, stage: 'evaluate', round: 1, arm: 'dpo', outcome: 'failure', reason: 'wrong', count: 2 },
    { run, round: 2, outcome: 'success', reason: null, count: 1 },
  ])
  expect(store.played.rates('evaluate', 'dpo')).toEqual(
    new Map([
      ['a', { played: 3, solved: 1 }],
      ['b', { played: 1, solved: 1 }],
    ]),
  )
  store.runs.setDeleted(run, true)
  expect([store.played.task('a'), store.played.rates('evaluate', 'dpo').size]).toEqual([[], 0])
})

test('problems and the ends of a task are read from indexes alone', () => {
  play('a', 1, 'sft', 'failure')
  const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')
  const filter = { run, stage: 'evaluate', solvedBy: 'none' } as const
  store.played.problems(filter, all, { by: { round: 1, arm: 'sft' }, descending: true })
  store.played.task('a')
  store.played.pictured('a')
  const asked = prepared.mock.calls.map(([sql]) => sql)
  prepared.mockRestore()
  const database = new DatabaseSync(store.path)
  const ways = asked.map((sql) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
      .filter((detail) => / episodes|GROUP BY/.test(detail)),
  )
  database.close()
  const problems = 'SEARCH episodes USING COVERING INDEX episodes_by_problem'
  expect(ways).toEqual([
    [`${problems} (run=? AND stage=?)`],
    [`${problems} (run=? AND stage=?)`, `${problems} (run=? AND stage=? AND task=? AND seed=?)`],
    ['SEARCH episodes USING COVERING INDEX episodes_by_ending (task=?)'],
    ['SEARCH episodes USING COVERING INDEX episodes_by_task (task=?)'],
  ])
})
