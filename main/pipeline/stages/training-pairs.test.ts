import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import { writeFileAtomic } from '../../files/file.ts'
import { preferenceText, readPreferenceData } from '../../preferences/dataset.ts'
import { exportPreferences } from '../../preferences/exported.ts'
import { PairReview } from '../../preferences/review.ts'
import type { RoundKey } from '../../store/keys.ts'
import type { NewPair } from '../../store/pairs.ts'
import { Store } from '../../store/store.ts'
import { runArtifacts } from '../artifacts.ts'
import type { Resources } from '../resources.ts'
import type { StageContext } from '../stage.ts'
import { trainingPairs } from './training-pairs.ts'

let folder: string
let file: string
let store: Store
let review: PairReview
let said: unknown[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'training-pairs-'))
  file = join(folder, 'preferences.jsonl')
  store = new Store(join(folder, 'lab.sqlite'))
  review = new PairReview(store)
  said = []
})
afterEach(() => store.close())

const pair = (seed: number): NewPair => ({
  task: 'click-tab',
  seed,
  step: 0,
  chosenAttempt: 0,
  rejectedAttempt: 1,
  margin: 1,
  prompt: `prompt ${seed}`,
  chosen: 'good',
  rejected: 'bad',
})

/** The dpo stage of a fresh run. */
function stage(collection: RoundKey | null = null): StageContext {
  const config = configSchema.parse({ paths: { preference_data: file, reports: folder } })
  const run = store.createRun('trial', 'dpo', config, { collection })
  return {
    config,
    store,
    run,
    round: 1,
    collection,
    artifacts: runArtifacts(config, { id: run, name: 'trial' }),
    resources: {} as Resources,
    signal: new AbortController().signal,
    arm: (name) => ({ run, stage: 'dpo', round: 1, arm: name }),
    progress() {},
    metrics() {},
    say: (id, ...given) => void said.push([id, ...given]),
  }
}

/** What is trained on: seed, chosen, rejected. */
function trained(context: StageContext): string[] {
  return readPreferenceData(trainingPairs(context, ['dpo'])).map(
    ({ seed, chosen, rejected }) => `${seed} ${chosen} ${rejected}`,
  )
}

/** A collection of three pairs in a run of its own; the ids of the pairs. */
function collected(): number[] {
  const { run } = stage()
  store.pairs.replace({ run, round: 1 }, [pair(1), pair(2), pair(3)])
  exportPreferences(store, file, { run, round: 1 })
  return store.pairs.of({ run, round: 1 }).map(({ id }) => id)
}

test("training takes a run's own pairs as they were corrected, and says so", () => {
  const context = stage()
  store.pairs.replace({ run: context.run, round: 1 }, [pair(1), pair(2), pair(3), pair(4)])
  const [first = 0, second = 0, third = 0] = store.pairs.of({ run: context.run, round: 1 }).map(({ id }) => id)
  review.apply([first], { kind: 'drop' })
  review.apply([second], { kind: 'swap' })
  review.apply([third], { kind: 'edit', chosen: 'better' })
  expect(trained(context)).toEqual(['2 bad good', '3 better bad', '4 good bad'])
  expect(said).toEqual([['reviewed', { reviewed: 3, pairs: 4, dropped: 1, swapped: 1, edited: 1 }]])
})

test('a stage alone takes the corrections of the collection whose export lies at the path, and exports them again', () => {
  const [first = 0] = collected()
  review.apply([first], { kind: 'drop' })
  expect(trained(stage())).toEqual(['2 good bad', '3 good bad'])
  expect(readPreferenceData(file)).toHaveLength(2)
  // The export is the store's again, so the next correction counts as well.
  review.undo(1, 1)
  expect(trained(stage())).toEqual(['1 good bad', '2 good bad', '3 good bad'])
})

test('a run that was asked to train again takes the collection it was given, not the latest', () => {
  const [first = 0] = collected()
  review.apply([first], { kind: 'swap' })
  collected()
  expect(trained(stage({ run: 1, round: 1 }))).toEqual(['1 bad good', '2 good bad', '3 good bad'])
})

test('a file that was moved with its store is still an export of it', () => {
  const [first = 0] = collected()
  review.apply([first], { kind: 'drop' })
  const moved = join(folder, 'moved.jsonl')
  renameSync(file, moved)
  file = moved
  expect(trained(stage())).toEqual(['2 good bad', '3 good bad'])
})

test('a file that was changed by hand wins over the store', () => {
  const [first = 0] = collected()
  review.apply([first], { kind: 'drop' })
  writeFileSync(file, preferenceText([pair(9)]))
  expect(trained(stage())).toEqual(['9 good bad'])
  expect(said).toEqual([['pairsByHand', { path: file }]])
})

test('what a training has begun with stays, whatever is corrected meanwhile', () => {
  const ids = collected()
  const context = stage()
  trainingPairs(context, ['dpo'])
  review.apply(ids.slice(0, 1), { kind: 'drop' })
  expect(trained(context)).toHaveLength(2)
  store.saveCheckpoint(context.arm('dpo'), 10, {}, (path) => writeFileAtomic(path, ''))
  review.apply(ids.slice(1, 2), { kind: 'drop' })
  expect(trained(context)).toHaveLength(2)
})

test('a set of which everything was dropped is refused', () => {
  review.apply(collected(), { kind: 'drop' })
  expect(() => trained(stage())).toThrow(/All pairs of run 1 were dropped by hand; keep some, or collect again\./)
})
