import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type { LoggedEvent } from './events.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'events-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

test('the log continues after any line, and is read backwards and searched', () => {
  const log = store.events
  const other = store.runs.create('trial', 'sft', configSchema.parse({}))
  for (const text of ['one', 'two', '100%']) log.add(key.run, { event: 'message', text })
  log.add(other, { event: 'end', error: 'a disk is full' })
  const texts = (lines: readonly LoggedEvent[]) => lines.map(({ id }) => id)
  expect(texts(log.after(1, 10))).toEqual([2, 3, 4])
  expect(texts(log.after(0, 2, key.run))).toEqual([1, 2])
  expect([log.last(key.run, 'message')?.id, log.last(other, 'end')?.id, log.last(other, 'message')]).toEqual([
    3,
    4,
    undefined,
  ])
  expect(texts(log.page({ limit: 2 }))).toEqual([4, 3])
  expect(texts(log.page({ run: key.run, before: 3, limit: 9 }))).toEqual([2, 1])
  expect(texts(log.page({ search: '0%', limit: 9 }))).toEqual([3])
  expect(texts(log.page({ search: 'DISK', limit: 9 }))).toEqual([4])
  expect([log.before(other), log.before(key.run), log.before(99), log.before(undefined)]).toEqual([3, 0, 0, 4])
})

test('the log of a run is read without the lines of the others', () => {
  const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')
  store.events.add(key.run, { event: 'message', text: 'one' })
  store.events.last(key.run, 'message')
  store.events.after(0, 500, key.run)
  store.events.page({ run: key.run, search: 'nowhere', limit: 9 })
  const asked = prepared.mock.calls.map(([sql]) => sql).filter((sql) => sql.startsWith('SELECT * FROM events'))
  prepared.mockRestore()
  expect(asked).toHaveLength(3)
  const database = new DatabaseSync(store.path)
  for (const sql of asked) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
    expect(plan.map(({ detail }) => detail).join()).toMatch(
      /^SEARCH events USING INDEX events_of_run \(run=\?( AND id>\?)?\)$/,
    )
  }
  database.close()
})
