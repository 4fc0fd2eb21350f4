import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { configSchema } from '../config/schema.ts'
import { writeFileAtomic } from '../files/file.ts'
import { correctPairs } from '../preferences/review.ts'
import type { NewPair } from '../store/pairs.ts'
import { Store } from '../store/store.ts'
import type { ExportKind } from './kinds.ts'
import { exportPieces, exportRun, latestWith } from './lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'export-'))
const file = join(folder, 'out')
let store: Store
let run: number

/** Exports a run's data to the file, and returns the number of lines. */
async function exported(kind: ExportKind): Promise<number> {
  let text = ''
  const lines = await exportRun(store, run, kind, (piece) => {
    text += piece
  })
  writeFileAtomic(file, text)
  return lines
}

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

test('preferences are those of the last round, in both of TRL’s forms', async () => {
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
  expect(await exported('preferences')).toBe(1)
  expect(lines()).toMatchObject([{ chosen: [{ role: 'assistant', content: 'c' }], task: 'a', seed: 1, step: 0 }])
  expect(lines()[0].prompt.at(-1).content).toBe('p2')
  await exported('kto')
  expect(lines().map(({ label, completion }) => [label, completion[0].content])).toEqual([
    [true, 'c'],
    [false, 'r'],
  ])
})

test('episodes name the arm that played them; metrics are a table', async () => {
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
  expect(await exported('episodes')).toBe(1)
  expect(lines()).toEqual([{ stage: 'evaluate', round: 1, arm: 'sft', ...episode, steps: [], duration: 3 }])
  await exported('metrics')
  expect(readFileSync(file, 'utf8')).toBe('stage,round,arm,step,name,value\r\nevaluate,1,sft,2,loss,0.5\r\n')
})

test('the latest run that has such data is found, whatever has run since', async () => {
  expect(latestWith(store, 'metrics')).toBeUndefined()
  store.metrics.add({ run, stage: 'sft', round: 0, arm: 'sft' }, 1, { loss: 1 })
  store.runs.create('trial', 'verify', configSchema.parse({}))
  expect(latestWith(store, 'metrics')).toBe(run)
})

test('a run without the data is refused with a message', async () => {
  await expect(exported('kto')).rejects.toThrow(`Run ${run} has no pairs to export; `)
})

const pair = (seed: number): NewPair => ({
  ...{ task: 'a', seed, step: 0, chosenAttempt: 0, rejectedAttempt: 1, margin: 1 },
  ...{ prompt: `p ${seed}`, chosen: 'c', rejected: 'r' },
})

test('an export in pieces has the pairs as they were when it began', async () => {
  const round = { run, round: 1 }
  store.stages.start({ run, stage: 'collect', round: 1 })
  store.pairs.replace(
    round,
    Array.from({ length: 120 }, (_, seed) => pair(seed)),
  )
  const ids = store.pairs.of(round).map(({ id }) => id)
  correctPairs(store, [ids[3] ?? 0], { kind: 'drop' })
  const seeds: number[] = []
  let pieces = 0
  for await (const piece of exportPieces(store, run, 'preferences')) {
    pieces++
    seeds.push(
      ...piece
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).seed),
    )
    if (pieces === 1) correctPairs(store, [ids[100] ?? 0, ids[110] ?? 0], { kind: 'drop' })
  }
  expect(pieces).toBeGreaterThan(2)
  expect(seeds).toEqual(Array.from({ length: 120 }, (_, seed) => seed).filter((seed) => seed !== 3))
})

test('an export of pairs that are collected again in between breaks off', async () => {
  const round = { run, round: 1 }
  store.stages.start({ run, stage: 'collect', round: 1 })
  store.pairs.replace(
    round,
    Array.from({ length: 120 }, (_, seed) => pair(seed)),
  )
  await expect(exportRun(store, run, 'preferences', () => store.pairs.replace(round, [pair(500)]))).rejects.toThrow(
    /The pairs of round 1 of run 1 were collected again/,
  )
})
