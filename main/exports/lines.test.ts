import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { configSchema } from '../config/schema.ts'
import { writeFileAtomic } from '../files/file.ts'
import { Store } from '../store/store.ts'
import { exportRun, latestWith } from './lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'export-'))
const file = join(folder, 'out')
let store: Store
let run: number

const write = (text: string) => writeFileAtomic(file, text)

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'export-')), 'lab.sqlite'))
  run = store.runs.create('trial', 'pipeline', configSchema.parse({}))
})
afterEach(() => store.close())

const lines = () =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('preferences are those of the last round, in both of TRL’s forms', () => {
  const pair = {
    task: 'a',
    seed: 1,
    step: 0,
    chosenAttempt: 0,
    rejectedAttempt: 1,
    margin: 1,
    prompt: 'p',
    chosen: 'c',
    rejected: 'r',
  }
  for (const round of [1, 2]) {
    store.stages.start({ run, stage: 'collect', round })
    store.pairs.replace({ run, round }, [{ ...pair, prompt: `p${round}` }])
  }
  expect(exportRun(store, run, 'preferences', write)).toBe(1)
  expect(lines()).toMatchObject([{ chosen: [{ role: 'assistant', content: 'c' }], task: 'a', seed: 1, step: 0 }])
  expect(lines()[0].prompt.at(-1).content).toBe('p2')
  exportRun(store, run, 'kto', write)
  expect(lines().map(({ label, completion }) => [label, completion[0].content])).toEqual([
    [true, 'c'],
    [false, 'r'],
  ])
})

test('episodes name the arm that played them; metrics are a table', () => {
  const arm = { run, stage: 'evaluate', round: 1, arm: 'sft' }
  const episode = {
    task: 'a',
    seed: 1,
    attempt: 0,
    instruction: 'i',
    ...ENDINGS.fault,
  }
  store.episodes.add(arm, { ...episode, steps: [], duration: 3 })
  store.metrics.add(arm, 2, { loss: 0.5 })
  expect(exportRun(store, run, 'episodes', write)).toBe(1)
  expect(lines()).toEqual([{ stage: 'evaluate', round: 1, arm: 'sft', ...episode, steps: [], duration: 3 }])
  exportRun(store, run, 'metrics', write)
  expect(readFileSync(file, 'utf8')).toBe('stage,round,arm,step,name,value\r\nevaluate,1,sft,2,loss,0.5\r\n')
})

test('the latest run that has such data is found, whatever has run since', () => {
  expect(latestWith(store, 'metrics')).toBeUndefined()
  store.metrics.add({ run, stage: 'sft', round: 0, arm: 'sft' }, 1, { loss: 1 })
  store.runs.create('trial', 'verify', configSchema.parse({}))
  expect(latestWith(store, 'metrics')).toBe(run)
})

test('a run without the data is refused with a message', () => {
  expect(() => exportRun(store, run, 'kto', write)).toThrow(`Run ${run} has no pairs to export; `)
})
