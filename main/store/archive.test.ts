import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { configSchema } from '../config/schema.ts'
import { message } from '../messages/message.ts'
import { Archive } from './archive.ts'
import type { Episode, Outcome } from './episode.ts'
import { EventLog } from './events.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let archive: Archive
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'archive-')), 'lab.sqlite'))
  archive = new Archive(store.database)
  const run = store.createRun('trial', 'collect', configSchema.parse({}))
  key = { run, stage: 'collect', round: 1, arm: '' }
})
afterEach(() => store.close())

function episode(task: string, seed: number, attempt: number, outcome: Outcome, logprob = -1): Episode {
  const completion = `answer ${attempt}`
  const step = {
    page: 'p',
    prompt: `${task} ${seed}`,
    completion,
    tokens: [1, 2, 3],
    logprob,
    thought: 't',
    action: 'a',
  }
  const steps = outcome === 'success' ? [step] : [step, step]
  return { task, seed, attempt, instruction: `100% of ${task}`, ...ENDINGS[outcome], duration: seed, steps }
}

const pair = {
  task: 'click-tab',
  seed: 1,
  step: 0,
  chosenAttempt: 0,
  rejectedAttempt: 1,
  margin: 1,
  prompt: 'p',
  chosen: 'a',
  rejected: 'b',
}

const order = { by: 'id', descending: false } as const
const all = { offset: 0, limit: 100 }

test('episodes come by the page, filtered and in order, and one with its steps', () => {
  for (const seed of [3, 1, 2]) store.addEpisode(key, episode('click-tab', seed, 0, seed === 2 ? 'failure' : 'success'))
  store.addEpisode({ ...key, stage: 'evaluate', arm: 'dpo' }, episode('enter-text', 9, 0, 'fault'))
  const page = archive.episodes({}, { by: 'seed', descending: true }, { offset: 1, limit: 2 })
  expect(page).toMatchObject({
    total: 4,
    rows: [
      { seed: 3, steps: 1 },
      { seed: 2, steps: 2 },
    ],
  })
  const seeds = (filter: Parameters<Archive['episodes']>[0]) =>
    archive.episodes(filter, order, all).rows.map(({ seed }) => seed)
  expect(seeds({ outcome: 'success' })).toEqual([3, 1])
  expect(seeds({ stage: 'evaluate', arm: 'dpo' })).toEqual([9])
  expect(seeds({ reason: 'wrong' })).toEqual([2])
  expect(seeds({ fault: message('pageCrashed') })).toEqual([9])
  expect(seeds({ fault: message('browserClosed') })).toEqual([])
  expect(seeds({ search: '100% of ENTER' })).toEqual([9])
  expect(seeds({ search: '1_0' })).toEqual([])
  expect(archive.episodes({}, { by: 'steps', descending: true }, all).rows[0]).toMatchObject({ steps: 2 })
  expect(
    archive.episodeGroups({ run: key.run }).map(({ stage, task, outcome, count }) => [stage, task, outcome, count]),
  ).toEqual([
    ['collect', 'click-tab', 'failure', 1],
    ['collect', 'click-tab', 'success', 2],
    ['evaluate', 'enter-text', 'fault', 1],
  ])
  expect(archive.episode(page.rows[1]?.id ?? 0)).toMatchObject({
    seed: 2,
    steps: [{ tokens: 3, hasPicture: false }, { completion: 'answer 0' }],
  })
  expect(archive.episode(99)).toBeUndefined()
})

test('a deleted run is seen nowhere until it is brought back', () => {
  store.addEpisode(key, episode('click-tab', 1, 0, 'success'))
  store.pairs.replace({ run: key.run, round: 1 }, [pair])
  store.setRunDeleted(key.run, true)
  expect(store.runs()).toEqual([])
  expect(archive.episodes({}, order, all).total).toBe(0)
  expect(store.pairs.rounds()).toEqual([])
  store.setRunDeleted(key.run, false)
  expect(archive.episodes({}, order, all).total).toBe(1)
  store.setRunDeleted(key.run, true)
  expect(store.deletedRuns(Date.now() + 1).map(({ id }) => id)).toEqual([key.run])
  store.purgeRun(key.run)
  store.setRunDeleted(key.run, false)
  expect(archive.episodes({}, order, all).total).toBe(0)
})

test('a long curve keeps its mean, its ends and its outliers in few points, and its detail where one looks closer', () => {
  const arm = { ...key, stage: 'dpo', arm: 'dpo' }
  for (let step = 1; step <= 10_000; step++) store.addMetrics(arm, step, { loss: step === 5000 ? 99 : step % 2 })
  store.addMetrics(arm, 10_001, { loss: Number.NaN })
  const curve = archive.curve(arm, 'loss', { from: 0, to: 1e9, points: 100 })
  expect(curve.steps.length).toBeLessThanOrEqual(101)
  expect(curve.steps[0]).toBe(1)
  expect(Math.max(...curve.high.map(Number))).toBe(99)
  expect(curve.mean[0]).toBeCloseTo(0.5, 1)
  expect(archive.curve(arm, 'loss', { from: 4998, to: 5001, points: 100 })).toMatchObject({
    steps: [4998, 4999, 5000, 5001],
    mean: [0, 1, 99, 1],
  })
  expect(archive.curve(arm, 'loss', { from: 10_001, to: 1e9, points: 9 }).mean).toEqual([null])
  expect(archive.curve(arm, 'none', { from: 0, to: 1e9, points: 9 }).steps).toEqual([])
  expect(archive.curves(key.run)).toEqual([{ ...arm, names: ['loss'], lastStep: 10_001 }])
  expect(archive.stepsAfter(arm, 9999)).toEqual([
    { step: 10_000, metrics: { loss: 0 } },
    { step: 10_001, metrics: { loss: null } },
  ])
})

test('a curve in few points says what all of its steps say, those that were done again after a resume too', () => {
  const arm = { ...key, stage: 'dpo', arm: 'dpo' }
  const values = Array.from({ length: 1000 }, (_, step) => (step % 7 === 0 ? Number.NaN : Math.sin(step) * step))
  for (const [step, value] of values.entries()) store.addMetrics(arm, step, { loss: -value, lr: 1 })
  for (const [step, value] of values.entries()) store.addMetrics(arm, step, { loss: value })
  const { steps, mean, low, high } = archive.curve(arm, 'loss', { from: 100, to: 899, points: 10 })
  expect(steps).toEqual([96, 192, 288, 384, 480, 576, 672, 768, 864])
  for (const [at, from] of steps.entries()) {
    const own = values.slice(from, steps[at + 1] ?? 896 + 32).filter((value) => !Number.isNaN(value))
    expect(mean[at]).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / own.length)
    expect([low[at], high[at]]).toEqual([Math.min(...own), Math.max(...own)])
  }
  store.database.run('DELETE FROM runs WHERE id = ?', key.run)
  expect(archive.curves(key.run)).toEqual([])
})

test('the log goes on after any line, and is read backwards and searched', () => {
  const log = new EventLog(store.database)
  const other = store.createRun('trial', 'sft', configSchema.parse({}))
  for (const text of ['one', 'two', '100%']) log.add(key.run, { event: 'message', text })
  log.add(other, { event: 'end', error: 'a disk is full' })
  const texts = (lines: ReturnType<EventLog['page']>) => lines.map(({ id }) => id)
  expect(texts(log.after(1, 10))).toEqual([2, 3, 4])
  expect(texts(log.after(0, 2, key.run))).toEqual([1, 2])
  expect(texts(log.page({ limit: 2 }))).toEqual([4, 3])
  expect(texts(log.page({ run: key.run, before: 3, limit: 9 }))).toEqual([2, 1])
  expect(texts(log.page({ search: '0%', limit: 9 }))).toEqual([3])
  expect(texts(log.page({ search: 'DISK', limit: 9 }))).toEqual([4])
  expect([log.before(other), log.before(key.run), log.before(99), log.before(undefined)]).toEqual([3, 0, 0, 4])
})
