import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleEpisode, samplePair } from '../../testing/samples.ts'
import { configSchema } from '../config/schema.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'runs-')), 'lab.sqlite'))
  key = {
    run: store.runs.create('trial', { stages: ['collect'] }, configSchema.parse({})),
    stage: 'collect',
    round: 1,
    arm: 'sft',
  }
})
afterEach(() => store.close())

const attempts = () => store.episodes.list({}, { by: 'id', descending: false }, { offset: 0, limit: 9 }).total

test('a run keeps its configuration and status when the store is opened again', () => {
  store.runs.setStatus(key.run, 'stopped')
  store.close()
  store = new Store(store.path)
  expect(store.runs.get(key.run)).toMatchObject({
    id: key.run,
    name: 'trial',
    command: { stages: ['collect'] },
    config: configSchema.parse({}),
    status: 'stopped',
    ended: expect.any(Number),
  })
})

test('a run keeps what comes before the user’s message in its prompts', () => {
  expect(store.runs.prompt(key.run)).toBeUndefined()
  const messages = [{ role: 'system' as const, content: 'Be brief.' }]
  store.runs.setPrompt(key.run, messages)
  expect(store.runs.prompt(key.run)).toEqual(messages)
})

test('a run of a time before answers could be held to the page goes on with free answers', () => {
  store.close()
  const database = new DatabaseSync(store.path)
  database.exec("UPDATE runs SET config = json_remove(config, '$.model.constrained')")
  database.close()
  store = new Store(store.path)
  expect(store.runs.get(key.run).config.model.constrained).toBe(false)
})

test('runs are numbered upwards, or as they are told', () => {
  const config = configSchema.parse({})
  expect(store.runs.create('a', 'sft', config, { id: 8 })).toBe(8)
  expect(store.runs.create('a', 'sft', config)).toBe(9)
  expect(store.runs.highest()).toBe(9)
  expect(store.runs.ids()).toEqual([9, 8, key.run])
})

test('a deleted run is invisible until it is brought back', () => {
  store.episodes.add(key, sampleEpisode('click-tab', 1))
  store.stages.start(key)
  store.stages.end(key, 'done')
  store.pairs.replace(key, [samplePair(1)])
  store.runs.setDeleted(key.run, true)
  expect([store.runs.list(), store.runs.summaries(), store.runs.ids()]).toEqual([[], [], []])
  expect([store.runs.latest(), store.runs.find(key.run)]).toEqual([undefined, undefined])
  expect(store.runs.record(key.run)).toMatchObject({ id: key.run })
  expect(store.stages.done('collect')).toEqual([])
  expect(store.stages.byRun()).toEqual(new Map())
  expect(attempts()).toBe(0)
  expect(store.pairs.rounds()).toEqual([])
  store.runs.setDeleted(key.run, false)
  expect(attempts()).toBe(1)
  store.runs.setDeleted(key.run, true)
  expect(store.runs.deleted(Date.now() + 1).map(({ id }) => id)).toEqual([key.run])
  store.runs.purge(key.run)
  store.runs.setDeleted(key.run, false)
  expect(attempts()).toBe(0)
})

test('a list has the settings that tell runs apart, of any version', () => {
  const config = configSchema.parse({
    project: { seed: 7 },
    tasks: ['click-tab', 'click-button'],
    flywheel: { rounds: 3 },
  })
  const id = store.runs.create('a', 'pipeline', config)
  // A run of another version is listed, but its settings cannot be used.
  const later = store.runs.create('b', 'pipeline', { ...config, tomorrow: 1 } as typeof config)
  const settings = { seed: 7, tasks: 2, rounds: 3, model: config.model.base_model_name, reports: config.paths.reports }
  expect(store.runs.summaries().slice(0, 2)).toMatchObject([
    { id: later, ...settings },
    { id, ...settings },
  ])
  expect(store.runs.get(id)).toMatchObject({ ...settings, config })
  expect(() => store.runs.get(later)).toThrow(`another version of the lab made run ${later}`)
  expect(() => store.runs.get(99)).toThrow('there is no run 99')
  // A run from before a bound keeps its values.
  const training = { ...config.training, sft: { ...config.training.sft, learning_rate: 3, batch_size: 5000 } }
  const earlier = store.runs.create('c', 'sft', { ...config, training })
  expect(store.runs.get(earlier).config.training.sft).toEqual(training.sft)
})
