import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { sampleEpisode } from '../../testing/samples.ts'
import { configSchema } from '../config/schema.ts'
import { message } from '../messages/message.ts'
import type { Ending, Episode, Outcome } from './episode.ts'
import type { EpisodeFilter } from './episodes.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'episodes-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

const all = { offset: 0, limit: 100 }

test('an attempt is stored once, and read back unchanged', () => {
  const first = sampleEpisode('click-button', 5, 0)
  expect(store.episodes.add(key, first)).toBe(true)
  expect(store.episodes.add(key, { ...first, ...ENDINGS.failure })).toBe(false)
  expect(store.episodes.add({ ...key, arm: 'dpo' }, first)).toBe(true)
  expect(store.episodes.of(key)).toEqual([{ id: 1, ...first }])
})

test('episodes are read by task, seed and attempt, in whatever order they were stored', () => {
  for (const [task, seed, attempt] of [
    ['b', 1, 0],
    ['a', 2, 1],
    ['a', 10, 0],
    ['a', 2, 0],
  ] as const) {
    store.episodes.add(key, sampleEpisode(task, seed, attempt))
  }
  expect(store.episodes.of(key).map(({ task, seed, attempt }) => `${task} ${seed} ${attempt}`)).toEqual([
    'a 2 0',
    'a 2 1',
    'a 10 0',
    'b 1 0',
  ])
})

test('pictures are stored apart from the texts', () => {
  const plain = sampleEpisode('a', 1, 0)
  const picture = new Uint8Array([255, 216, 255])
  store.episodes.add(key, { ...plain, steps: plain.steps.map((step) => ({ ...step, shot: { picture, box: null } })) })
  expect(store.episodes.picture(1, 0)).toEqual(picture)
  expect(store.episodes.picture(1, 1)).toBeUndefined()
})

test('pictures that are taken later are stored with their episode', () => {
  store.episodes.add(key, sampleEpisode('a', 1, 0))
  expect(store.episodes.picture(1, 0)).toBeUndefined()
  const shot = { picture: new Uint8Array([255, 216, 255]), box: { x: 1, y: 2, width: 3, height: 4 } }
  store.episodes.setShots(1, [shot])
  expect(store.episodes.picture(1, 0)).toEqual(shot.picture)
  expect(store.episodes.get(1)!.steps[0]).toMatchObject({ hasPicture: true, box: shot.box })
})

/** An attempt with one step where it succeeded and two where it did not. */
function attempt(task: string, seed: number, outcome: Outcome): Episode {
  const one = sampleEpisode(task, seed)
  const steps = outcome === 'success' ? one.steps : [...one.steps, ...one.steps]
  return { ...one, instruction: `100% of ${task}`, ...ENDINGS[outcome], steps }
}

test('episodes are listed by pages, filtered and sorted; a single one has its steps', () => {
  for (const seed of [3, 1, 2]) store.episodes.add(key, attempt('click-tab', seed, seed === 2 ? 'failure' : 'success'))
  store.episodes.add({ ...key, stage: 'evaluate', arm: 'dpo' }, attempt('enter-text', 9, 'fault'))
  const page = store.episodes.list({}, { by: 'seed', descending: true }, { offset: 1, limit: 2 })
  expect(page).toMatchObject({
    total: 4,
    rows: [
      { seed: 3, steps: 1 },
      { seed: 2, steps: 2 },
    ],
  })
  const seeds = (filter: EpisodeFilter) =>
    store.episodes.list(filter, { by: 'id', descending: false }, all).rows.map(({ seed }) => seed)
  expect(seeds({ outcome: 'success' })).toEqual([3, 1])
  expect(seeds({ stage: 'evaluate', arm: 'dpo' })).toEqual([9])
  expect(seeds({ reason: 'wrong' })).toEqual([2])
  expect(seeds({ fault: message('pageCrashed') })).toEqual([9])
  expect(seeds({ fault: message('browserClosed') })).toEqual([])
  expect(seeds({ search: '100% of ENTER' })).toEqual([9])
  expect(seeds({ search: '1_0' })).toEqual([])
  expect(store.episodes.list({}, { by: 'seed', descending: false }, { offset: 4, limit: 2 })).toEqual({
    total: 4,
    rows: [],
  })
  expect(store.episodes.list({}, { by: 'steps', descending: true }, all).rows[0]).toMatchObject({ steps: 2 })
  expect(
    store.episodes.groups({ run: key.run }).map(({ stage, task, outcome, count }) => [stage, task, outcome, count]),
  ).toEqual([
    ['collect', 'click-tab', 'failure', 1],
    ['collect', 'click-tab', 'success', 2],
    ['evaluate', 'enter-text', 'fault', 1],
  ])
  expect(store.episodes.get(page.rows[1]?.id ?? 0)).toMatchObject({
    seed: 2,
    steps: [{ tokens: 3, hasPicture: false }, { completion: 'Thought: ok\nAction: click ok button 1' }],
  })
  expect(store.episodes.get(99)).toBeUndefined()
})

test('an episode is read back with its ending', () => {
  const { outcome: _, reward: __, ...attempt } = sampleEpisode('a', 1)
  const fault = message('tookTooLong', { work: message('work.act'), limit: 5 })
  const endings: Ending[] = [
    { outcome: 'failure', reason: 'noFocus', reward: -1 },
    { outcome: 'fault', fault, reward: 0 },
  ]
  for (const [seed, ending] of endings.entries()) store.episodes.add(key, { ...attempt, seed, ...ending })
  expect(store.episodes.outcomes(key)).toMatchObject(endings)
})

test('counts that are kept as episodes come are those of the episodes', () => {
  const other = { ...key, run: store.runs.create('trial', 'collect', configSchema.parse({})) }
  const play = (arm: ArmKey, task: string, seed: number, ending: Ending) =>
    store.episodes.add(arm, { ...sampleEpisode(task, seed, 0), ...ending })
  for (let seed = 0; seed < 6; seed++) {
    play(key, 'a', seed, ENDINGS[seed < 2 ? 'success' : 'fault'])
    play(other, 'b', seed, ENDINGS.failure)
  }
  // A fault is played again, and what was played to its end is not stored twice.
  play(key, 'a', 5, ENDINGS.success)
  play(key, 'a', 0, ENDINGS.failure)
  const counts = () => store.episodes.groups({}).map(({ task, outcome, count }) => [task, outcome, count])
  // A filter by seed reads the episodes themselves.
  const read = () =>
    [0, 1, 2, 3, 4, 5].reduce(
      (sum, seed) => sum + store.episodes.list({ seed }, { by: 'id', descending: true }, all).total,
      0,
    )
  const total = () => store.episodes.list({}, { by: 'id', descending: true }, { offset: 0, limit: 2 }).total
  expect(counts()).toEqual([
    ['a', 'fault', 3],
    ['a', 'success', 3],
    ['b', 'failure', 6],
  ])
  expect([total(), read()]).toEqual([12, 12])
  expect(
    store.episodes.list({ task: 'a', outcome: 'fault' }, { by: 'seed', descending: false }, { offset: 2, limit: 5 }),
  ).toMatchObject({
    rows: [{ seed: 4 }],
    total: 3,
  })
  store.runs.setDeleted(other.run, true)
  expect([total(), read()]).toEqual([6, 6])
  store.runs.purge(other.run)
  expect(counts()).toHaveLength(2)
  for (let seed = 2; seed < 5; seed++) play(key, 'a', seed, ENDINGS.success)
  expect(counts()).toEqual([['a', 'success', 6]])
})

/** An attempt with this instruction and these answers. */
function saying(seed: number, instruction: string, ...answers: string[]): Episode {
  const one = sampleEpisode('a', seed)
  return { ...one, instruction, steps: answers.map((completion) => ({ ...one.steps[0]!, completion })) }
}

test('a search finds any text of instructions and answers, as it is written', () => {
  const texts = [
    ['Click "OK"', "it's 100% sure", 'then C:\\new_folder'],
    ['点击“确定”按钮', '选择 ÄPFEL'],
    ['', 'click ok', 'click ok'],
    ['select_all', ''],
  ] as const
  for (const [seed, [instruction, ...answers]] of texts.entries()) {
    store.episodes.add(key, saying(seed, instruction, ...answers))
  }
  const found = (search: string, filter: EpisodeFilter = {}) => {
    const { rows, total } = store.episodes.list({ ...filter, search }, { by: 'seed', descending: false }, all)
    expect(total).toBe(rows.length)
    return rows.map(({ seed }) => seed)
  }
  expect(found('')).toEqual([0, 1, 2, 3])
  expect(found('"ok"')).toEqual([0])
  expect(found("'S 100% S")).toEqual([0])
  expect(found('%')).toEqual([0])
  expect(found('_')).toEqual([0, 3])
  expect(found('\\')).toEqual([0])
  expect(found('确定')).toEqual([1])
  expect(found('定')).toEqual([1])
  // Only the letters of English have two cases in a search.
  expect([found('ÄPFEL'), found('äpfel'), found('Äpfel')]).toEqual([[1], [], [1]])
  expect(found('CLICK')).toEqual([0, 2])
  expect(found('click', { seed: 2 })).toEqual([2])
  expect(found('click', { outcome: 'failure' })).toEqual([])
  expect(found('*')).toEqual([])
  expect(
    store.episodes.list({ search: 'click' }, { by: 'id', descending: true }, { offset: 1, limit: 1 }),
  ).toMatchObject({
    rows: [{ seed: 0 }],
    total: 2,
  })
  expect(store.episodes.groups({ search: 'click' }).map(({ count }) => count)).toEqual([2])
})

test('a search looks through every text once, and reads no other episode', () => {
  store.episodes.add(key, saying(1, 'click', 'ok'))
  const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')
  store.episodes.list({ search: 'ok' }, { by: 'id', descending: true }, all)
  const asked = prepared.mock.calls.map(([sql]) => sql).filter((sql) => sql.includes('LIKE'))
  prepared.mockRestore()
  expect(asked).toHaveLength(1)
  const database = new DatabaseSync(store.path)
  const plan = database
    .prepare(`EXPLAIN QUERY PLAN ${asked[0]}`)
    .all()
    .map(({ detail }) => String(detail))
  database.close()
  const scanned = plan.filter((detail) => detail.startsWith('SCAN')).sort()
  expect(scanned).toEqual(['SCAN episode_texts', 'SCAN episode_texts', 'SCAN passing', 'SCAN passing'])
})

test('a text that no episode has any more is forgotten, and one that another still has is not', () => {
  const other = { ...key, run: store.runs.create('trial', 'collect', configSchema.parse({})) }
  store.episodes.add(key, saying(1, 'shared', 'an answer', 'of one'))
  store.episodes.add(other, { ...saying(2, 'of a fault', 'broken'), ...ENDINGS.fault })
  store.episodes.add(other, saying(2, 'an answer', 'shared'))
  const texts = () => {
    const database = new DatabaseSync(store.path)
    const rows = database.prepare('SELECT text FROM episode_texts').all()
    database.close()
    return rows.map(({ text }) => text)
  }
  expect(texts()).toEqual(['an answer', 'of one', 'shared'])
  store.runs.purge(key.run)
  expect(texts()).toEqual(['an answer', 'shared'])
  store.runs.purge(other.run)
  expect(texts()).toEqual([])
})
