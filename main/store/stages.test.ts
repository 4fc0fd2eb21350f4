import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'stages-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

test('a stage that is resumed keeps its time and its first start', () => {
  store.stages.start(key)
  const started = store.stages.of(key.run)[0]?.started
  store.stages.addSeconds(key, 2)
  store.stages.end(key, 'stopped')
  store.stages.start(key)
  store.stages.addSeconds(key, 3)
  store.stages.end(key, 'done', { episodes: 7 })
  expect(store.stages.of(key.run)).toMatchObject([{ started, seconds: 5, status: 'done', result: { episodes: 7 } }])
})

test('finished stages are read from the latest run on, with their results', () => {
  const later = store.runs.create('trial', 'collect', configSchema.parse({}))
  for (const [run, round, status] of [
    [key.run, 2, 'done'],
    [key.run, 1, 'done'],
    [later, 1, 'done'],
    [later, 2, 'failed'],
  ] as const) {
    store.stages.start({ ...key, run, round })
    store.stages.end({ ...key, run, round }, status, { pairs: round })
  }
  store.stages.start({ ...key, stage: 'dpo' })
  expect(store.stages.done('collect').map(({ run, round, result }) => [run, round, result])).toEqual([
    [later, 1, { pairs: 1 }],
    [key.run, 1, { pairs: 1 }],
    [key.run, 2, { pairs: 2 }],
  ])
  expect(store.stages.byRun().get(key.run)).toEqual(store.stages.of(key.run))
  expect(store.stages.of(key.run).find(({ stage }) => stage === 'dpo')?.result).toBeNull()
})
