import { execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { configSchema } from '../config/schema.ts'
import { writeFileAtomic } from '../files/file.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { Archive } from './archive.ts'
import type { Ending, Episode } from './episode.ts'
import type { ArmKey } from './keys.ts'
import { lockStore } from './lock.ts'
import { MIGRATIONS } from './migrations.ts'
import { Store } from './store.ts'

let folder: string
let store: Store
let key: ArmKey

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
  store = new Store(join(folder, 'lab.sqlite'))
  const run = store.createRun('trial', { stages: ['collect'] }, configSchema.parse({}))
  key = { run, stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

function episode(task: string, seed: number, attempt: number): Episode {
  return {
    task,
    seed,
    attempt,
    instruction: 'Click "ok".',
    ...ENDINGS.success,
    duration: 12.5,
    steps: [
      {
        page: ' ok button 1',
        prompt: 'Page:\n ok button 1\nTask: Click "ok".',
        completion: 'Thought: ok\nAction: click ok button 1',
        tokens: [3, 70_000, 5],
        logprob: -0.25,
        thought: 'ok',
        action: 'click ok button 1',
      },
    ],
  }
}

test('a run keeps its configuration and status across a reopening', () => {
  store.setRunStatus(key.run, 'stopped')
  store.close()
  store = new Store(store.path)
  expect(store.latestRun()).toMatchObject({
    id: key.run,
    name: 'trial',
    command: { stages: ['collect'] },
    config: configSchema.parse({}),
    status: 'stopped',
    ended: expect.any(Number),
  })
})

test('runs are numbered upwards, beyond what is said to be taken', () => {
  const config = configSchema.parse({})
  expect(store.createRun('a', 'sft', config, { after: 7 })).toBe(8)
  expect(store.createRun('a', 'sft', config, { after: 3 })).toBe(9)
  expect(store.runIds()).toEqual([9, 8, key.run])
})

test('a stage that goes on after a stop keeps its time and its first start', () => {
  store.startStage(key)
  const started = store.stages(key.run)[0]?.started
  store.addStageSeconds(key, 2)
  store.endStage(key, 'stopped')
  store.startStage(key)
  store.addStageSeconds(key, 3)
  store.endStage(key, 'done', { episodes: 7 })
  expect(store.stages(key.run)).toMatchObject([{ started, seconds: 5, status: 'done', result: { episodes: 7 } }])
})

test('an attempt is kept once, and read back as it was', () => {
  const first = episode('click-button', 5, 0)
  expect(store.addEpisode(key, first)).toBe(true)
  expect(store.addEpisode(key, { ...first, ...ENDINGS.failure })).toBe(false)
  expect(store.addEpisode({ ...key, arm: 'dpo' }, first)).toBe(true)
  expect(store.episodes(key)).toEqual([{ id: 1, ...first }])
})

test('episodes come by task, seed and attempt, whatever order they were kept in', () => {
  for (const [task, seed, attempt] of [
    ['b', 1, 0],
    ['a', 2, 1],
    ['a', 10, 0],
    ['a', 2, 0],
  ] as const) {
    store.addEpisode(key, episode(task, seed, attempt))
  }
  expect(store.episodes(key).map(({ task, seed, attempt }) => `${task} ${seed} ${attempt}`)).toEqual([
    'a 2 0',
    'a 2 1',
    'a 10 0',
    'b 1 0',
  ])
})

test('pictures are kept apart from the texts', () => {
  const plain = episode('a', 1, 0)
  const picture = new Uint8Array([255, 216, 255])
  store.addEpisode(key, { ...plain, steps: plain.steps.map((step) => ({ ...step, shot: { picture, box: null } })) })
  expect(store.picture(1, 0)).toEqual(picture)
  expect(store.picture(1, 1)).toBeUndefined()
})

test('pictures that are taken later are kept with their episode', () => {
  store.addEpisode(key, episode('a', 1, 0))
  expect(store.picture(1, 0)).toBeUndefined()
  const shot = { picture: new Uint8Array([255, 216, 255]), box: { x: 1, y: 2, width: 3, height: 4 } }
  store.setShots(1, [shot])
  expect(store.picture(1, 0)).toEqual(shot.picture)
  expect(new Archive(store.database).episode(1)!.steps[0]).toMatchObject({ hasPicture: true, box: shot.box })
})

test('a step done again replaces its metrics; what is no number is null', () => {
  store.addMetrics(key, 1, { loss: 2, 'rewards/margins': Number.NaN })
  store.addMetrics(key, 1, { loss: 1.5 })
  expect(store.metrics(key.run)).toEqual([
    { ...key, step: 1, name: 'loss', value: 1.5 },
    { ...key, step: 1, name: 'rewards/margins', value: null },
  ])
})

test('a store of the first version keeps its pairs, learns their margins from the episodes, and sums its curves up', () => {
  const path = join(folder, 'old.sqlite')
  const old = new DatabaseSync(path)
  old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`)
  old.exec(
    `INSERT INTO runs (id, name, command, config, status, started) VALUES (1, 'old', '"collect"', '{}', 'done', 1)`,
  )
  const pair = old.prepare(
    `INSERT INTO pairs (run, round, task, seed, step, chosen_attempt, rejected_attempt, prompt, chosen, rejected, keep)
     VALUES (1, 1, 'a', ?, 0, 0, 1, 'p', 'c', 'r', ?)`,
  )
  pair.run(5, 1)
  pair.run(6, 0)
  for (const [attempt, text, logprob] of [
    [0, 'c', -1],
    [1, 'r', -3],
  ] as const) {
    old.exec(
      `INSERT INTO episodes VALUES (${attempt + 1}, 1, 'collect', 1, '', 'a', 5, ${attempt}, 'i', 'success', '', 1, 1);
       INSERT INTO steps VALUES (${attempt + 1}, 0, 'page', 'p', '${text}', x'', ${logprob}, '', '', NULL)`,
    )
  }
  old.exec(`INSERT INTO metrics VALUES (1, 'sft', 0, '', 31, 'loss', 4), (1, 'sft', 0, '', 32, 'loss', 2)`)
  old.close()
  const upgraded = new Store(path)
  const loss = { run: 1, stage: 'sft', round: 0, arm: '' }
  expect(new Archive(upgraded.database).curves(1)).toEqual([{ ...loss, names: ['loss'], lastStep: 32 }])
  expect(upgraded.pairs.of({ run: 1, round: 1 })).toMatchObject([
    { seed: 5, keep: true, margin: 2, chosenAttempt: 0, swapped: false, reviewed: false, note: '' },
    { seed: 6, keep: false, margin: null },
  ])
  expect(upgraded.runIds()).toEqual([1])
  upgraded.close()
})

test('what episodes ended by was a text once, and is a reason or a fault now', () => {
  const path = join(folder, 'texts.sqlite')
  const before = 8
  const old = new DatabaseSync(path)
  for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration)
  old.exec(`PRAGMA user_version = ${before};
    INSERT INTO runs (id, name, command, config, status, started) VALUES (1, 'old', '"collect"', '{}', 'done', 1)`)
  const add = old.prepare(`INSERT INTO episodes VALUES (?, 1, 'collect', 1, '', 'a', ?, 0, 'i', ?, ?, 0.5, 1)`)
  const step = old.prepare(`INSERT INTO steps VALUES (?, 0, 'page', 'p', 'c', x'', -1, '', '', NULL, 'null')`)
  for (const [seed, [outcome, text]] of [
    ['success', 'reward'],
    ['failure', 'wrong'],
    ['failure', 'mismatch'],
    ['failure', 'impossible: something else covers the element'],
    ['failure', 'impossible: there is no such option'],
    ['fault', 'the action took longer than 10000 ms'],
    ['fault', `it's "odd"`],
  ].entries()) {
    add.run(seed + 1, seed, outcome!, text!)
    step.run(seed + 1)
  }
  old.close()
  const upgraded = new Store(path)
  const reward = 0.5
  const broken = (text: string) => ({ outcome: 'fault', reward, fault: message('verbatim', { text }) })
  const episodes = upgraded.episodes({ run: 1, stage: 'collect', round: 1, arm: '' })
  expect(episodes.map(({ id, task, seed, attempt, instruction, duration, steps, ...ending }) => ending)).toEqual([
    { outcome: 'success', reward },
    { outcome: 'failure', reward, reason: 'wrong' },
    { outcome: 'failure', reward, reason: 'mismatch' },
    { outcome: 'failure', reward, reason: 'covered' },
    { outcome: 'failure', reward, reason: 'noSuchOption' },
    broken('the action took longer than 10000 ms'),
    broken(`it's "odd"`),
  ])
  expect(episodes.map(({ steps }) => steps.length)).toEqual([1, 1, 1, 1, 1, 1, 1])
  upgraded.close()
})

test('an episode is read back with what it ended by', () => {
  const { outcome: _, reward: __, ...attempt } = episode('a', 1, 0)
  const fault = message('tookTooLong', { work: message('work.act'), limit: 5 })
  const endings: Ending[] = [
    { outcome: 'failure', reason: 'noFocus', reward: -1 },
    { outcome: 'fault', fault, reward: 0 },
  ]
  for (const [seed, ending] of endings.entries()) store.addEpisode(key, { ...attempt, seed, ...ending })
  expect(store.outcomes(key)).toMatchObject(endings)
})

test('a checkpoint takes the place of the one before, and goes when it is dropped', () => {
  const files = () => readdirSync(`${store.path}-checkpoints`)
  store.saveCheckpoint(key, 10, { best: 0.5 }, (file) => writeFileAtomic(file, 'ten'))
  store.saveCheckpoint(key, 20, { best: 0.4 }, (file) => writeFileAtomic(file, 'twenty'))
  expect(files()).toHaveLength(1)
  const kept = store.checkpoint(key)
  expect(kept).toMatchObject({ step: 20, state: { best: 0.4 } })
  expect(readFileSync(kept?.file ?? '', 'utf8')).toBe('twenty')
  store.dropCheckpoint(key)
  expect(files()).toEqual([])
  expect(store.checkpoint(key)).toBeUndefined()
})

test('a transaction that fails leaves nothing', () => {
  expect(() =>
    store.database.transaction(() => {
      store.setRunStatus(key.run, 'done')
      throw new Error('in the middle')
    }),
  ).toThrow('in the middle')
  expect(store.latestRun()?.status).toBe('running')
})

test('a file that is no store, or one from the future, is refused in one sentence', () => {
  const text = join(folder, 'notes.txt')
  writeFileSync(text, 'not a database at all, but long enough to be read as one '.repeat(20))
  expect(() => new Store(text)).toThrow(/notes.txt: this file is not a store of the lab/)
  const future = join(folder, 'future.sqlite')
  const database = new DatabaseSync(future)
  database.exec('PRAGMA user_version = 999')
  database.close()
  expect(() => new Store(future)).toThrow(/newer version/)
  expect(() => new Store(join(text, 'x.sqlite'))).toThrow(/something else stands/)
})

test('a second command is refused while the first works, and let in once it is killed', async () => {
  const path = join(folder, 'shared.sqlite')
  const lock = join(import.meta.dirname, 'lock.ts')
  const script = `const { lockStore } = await import(${JSON.stringify(lock)}); lockStore(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script])
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  expect(() => lockStore(path)).toThrow(/another command is at work/)
  const gone = new Promise((resolve) => holder.once('exit', resolve))
  holder.kill('SIGKILL')
  await gone
  lockStore(path)()
})

test('what was kept before a kill -9 is there after it', () => {
  const script = `
    const { Store } = await import(${JSON.stringify(join(import.meta.dirname, 'store.ts'))})
    const store = new Store(${JSON.stringify(store.path)})
    store.addMetrics(${JSON.stringify(key)}, 7, { loss: 0.125 })
    process.kill(process.pid, 'SIGKILL')`
  expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })).toThrow()
  expect(store.metrics(key.run)).toMatchObject([{ step: 7, value: 0.125 }])
})

test('a store that is damaged within is said to be, whatever is asked of it', () => {
  for (let seed = 0; seed < 200; seed++) store.addEpisode(key, episode('click-tab', seed, 0))
  store.close()
  const file = openSync(store.path, 'r+')
  const middle = Math.floor(fstatSync(file).size / 2)
  writeSync(file, Buffer.alloc(40_000, 0x5a), 0, 40_000, middle)
  closeSync(file)
  store = new Store(store.path)
  expect(() => store.episodes(key)).toThrow(UserError)
})
