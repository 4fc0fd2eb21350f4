import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import { writeFileAtomic } from '../../files/file.ts'
import { message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import { parsePreferences, preferenceText } from '../../preferences/dataset.ts'
import { exportPreferences, importPreferences } from '../../preferences/file.ts'
import { correctPairs, undoCorrection } from '../../preferences/review.ts'
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
let said: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'training-pairs-'))
  file = join(folder, 'preferences.jsonl')
  store = new Store(join(folder, 'lab.sqlite'))
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
  const run = store.runs.create('trial', 'dpo', config, { collection })
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
    say: (id, ...given) => void said.push(english(message(id, ...given))),
    tell: (told) => void said.push(english(told)),
  }
}

/** The training pairs: seed, chosen, rejected. */
async function trained(context: StageContext): Promise<string[]> {
  return (await trainingPairs(context, ['dpo'])).map(({ seed, chosen, rejected }) => `${seed} ${chosen} ${rejected}`)
}

/** The pairs of the preference file, in the same form. */
async function exported(): Promise<string[]> {
  return (await parsePreferences(readFileSync(file, 'utf8'), file)).pairs.map(
    ({ seed, chosen, rejected }) => `${seed} ${chosen} ${rejected}`,
  )
}

/** Exports a collection of three pairs in a new run. Returns the ids of the pairs. */
function collected(seeds = [1, 2, 3]): number[] {
  const { run } = stage()
  store.pairs.replace({ run, round: 1 }, seeds.map(pair))
  exportPreferences(store, file, { run, round: 1 })
  return store.pairs.of({ run, round: 1 }).map(({ id }) => id)
}

/** Edits the lines of the preference file, as a person does. */
function edit(change: (lines: string[]) => string[]): void {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  writeFileSync(file, change(lines).join('\n'))
}

/** Starts a training: it has its first checkpoint. */
function checkpoint(context: StageContext): void {
  store.checkpoints.save(context.arm('dpo'), 10, {}, (path) => writeFileAtomic(path, ''))
}

test('training uses a run’s own pairs with their corrections, and reports that', async () => {
  const context = stage()
  store.pairs.replace(context, [pair(1), pair(2), pair(3), pair(4)])
  const [first = 0, second = 0, third = 0] = store.pairs.of(context).map(({ id }) => id)
  correctPairs(store, [first], { kind: 'drop' })
  correctPairs(store, [second], { kind: 'swap' })
  correctPairs(store, [third], { kind: 'edit', chosen: 'better' })
  expect(await trained(context)).toEqual(['2 bad good', '3 better bad', '4 good bad'])
  expect(said).toEqual(['Reviewed by hand: 3 of 4 pairs; 1 dropped, 1 swapped, 1 edited'])
})

test('a stage alone uses the corrected collection whose export is at the path, and exports it again', async () => {
  const [first = 0] = collected()
  correctPairs(store, [first], { kind: 'drop' })
  expect(await trained(stage())).toEqual(['2 good bad', '3 good bad'])
  expect(await exported()).toEqual(['2 good bad', '3 good bad'])
  // The file is the store's export again, so the next correction counts too.
  undoCorrection(store, { run: 1, round: 1 })
  expect(await trained(stage())).toEqual(['1 good bad', '2 good bad', '3 good bad'])
})

test('a run that trains again uses the collection that it was given, not the latest', async () => {
  const [first = 0] = collected()
  correctPairs(store, [first], { kind: 'swap' })
  collected([4])
  expect(await trained(stage({ run: 1, round: 1 }))).toEqual(['1 bad good', '2 good bad', '3 good bad'])
  expect(await exported()).toEqual(['1 bad good', '2 good bad', '3 good bad'])
})

test('a file that was moved with its store is still its export, and later changes in it count', async () => {
  const [first = 0] = collected()
  correctPairs(store, [first], { kind: 'drop' })
  store.close()
  const moved = `${folder}-moved`
  renameSync(folder, moved)
  folder = moved
  file = join(folder, 'preferences.jsonl')
  store = new Store(join(folder, 'lab.sqlite'))
  expect(await trained(stage())).toEqual(['2 good bad', '3 good bad'])
  edit((lines) => lines.slice(1))
  expect(await trained(stage())).toEqual(['3 good bad'])
  expect(store.pairs.count({ run: 1, round: 1 })).toMatchObject({ pairs: 3, dropped: 2 })
})

test('a file that was changed by hand is imported before training, reported line by line, and can be undone', async () => {
  collected()
  edit(([one = '', two = '']) => [
    one.replace('good', 'better'),
    two.replaceAll('bad', 'BAD').replaceAll('good', 'bad').replaceAll('BAD', 'good'),
    preferenceText([pair(9)]),
  ])
  expect(await trained(stage())).toEqual(['1 better bad', '2 bad good', '9 good bad'])
  expect(said).toEqual([
    `${file} was changed by hand. The changes are imported into round 1 of run 1:`,
    expect.stringMatching(/the agent could not act on the chosen answers of 3 pairs \(lines 1, 2, 3; the first: /),
    `${file}:1: changed chosen of pair 1 (click-tab, seed 1, step 0)`,
    `${file}:2: swapped chosen and rejected of pair 2 (click-tab, seed 2, step 0)`,
    `${file}:3: added pair 4 (click-tab, seed 9, step 0)`,
    `${file} has no line for pair 3 (click-tab, seed 3, step 0): dropped`,
    'Reviewed by hand: 4 of 4 pairs; 1 dropped, 1 swapped, 1 edited',
  ])
  // The import is stored, so nothing more is reported.
  said = []
  expect(await trained(stage())).toHaveLength(3)
  expect(said).toHaveLength(1)
  undoCorrection(store, { run: 1, round: 1 })
  expect(await trained(stage())).toEqual(['1 good bad', '2 good bad', '3 good bad'])
})

test('a file that was imported into a larger round is still a changed file', async () => {
  const round = { run: 1, round: 1 }
  const [first = 0] = collected()
  const bringIn = () => {
    const text = readFileSync(file, 'utf8')
    return importPreferences(store, round, { text, file, replace: false, path: file })
  }
  // It lacks two pairs that the round keeps: an export writes them, and training uses the file.
  edit(([one = '']) => [one.replace('good', 'better')])
  const edited = readFileSync(file, 'utf8')
  await bringIn()
  expect(store.pairs.kept(round)).toHaveLength(3)
  exportPreferences(store, file, round)
  expect(await exported()).toEqual(['1 better bad', '2 good bad', '3 good bad'])
  expect(readFileSync(join(folder, 'preferences.by-hand-1.jsonl'), 'utf8')).toBe(edited)
  writeFileSync(file, edited)
  await bringIn()
  expect(await trained(stage())).toEqual(['1 better bad'])
  // It has a pair that was dropped by hand and stays dropped.
  undoCorrection(store, round)
  exportPreferences(store, file, round)
  correctPairs(store, [first], { kind: 'drop' })
  edit((lines) => [...lines, preferenceText([pair(9)])])
  await bringIn()
  exportPreferences(store, file, round)
  expect(await exported()).toEqual(['2 good bad', '3 good bad', '9 good bad'])
  // It has just the pairs of the round, in a form of its own: it is left as it is.
  edit((lines) => [...lines, preferenceText([pair(10)])])
  await bringIn()
  expect(exportPreferences(store, file, round)).toBeNull()
  expect(await exported()).toHaveLength(4)
})

test('a preview says what an import would do, and changes nothing', async () => {
  const round = { run: 1, round: 1 }
  collected()
  const before = store.pairs.of(round)
  const text = preferenceText([pair(9)])
  const options = { text, file, replace: true, path: file }
  const preview = await importPreferences(store, round, { ...options, preview: true })
  expect(preview).toMatchObject({ added: 1, dropped: 3 })
  expect(store.pairs.of(round)).toEqual(before)
  expect(await importPreferences(store, round, options)).toEqual(preview)
})

test('a file with invalid lines changes nothing, and each such line is reported', async () => {
  collected()
  edit(([one = '', two = '', three = '']) => [one.replace('good', 'better'), two.slice(5), `${three}}`])
  const before = readFileSync(file, 'utf8')
  await expect(trained(stage())).rejects.toThrow(
    `${file}:2: this line is not complete JSON; correct or delete it.\n${file}:3: this`,
  )
  expect(store.pairs.edits({ run: 1, round: 1 }, 10)).toEqual([])
  expect(readFileSync(file, 'utf8')).toBe(before)
})

/** Pairs in plain TRL form, as a person without the lab would write them. */
const bare = (...numbers: number[]) =>
  numbers
    .map((number) =>
      JSON.stringify({
        prompt: [{ role: 'user', content: `own ${number}` }],
        chosen: [{ role: 'assistant', content: 'yes' }],
        rejected: [{ role: 'assistant', content: 'no' }],
        score: number,
      }),
    )
    .join('\n')

test('a file of pairs that no run collected becomes the collection of this run', async () => {
  writeFileSync(file, bare(1, 2))
  const first = stage()
  expect(await trained(first)).toEqual(['0 yes no', '0 yes no'])
  expect(said).toEqual([
    `${file} is not the export of a run in this store: its 2 pairs are imported as the collection of run 1.`,
    expect.stringMatching(/the agent could not act on the chosen answers of 2 pairs/),
  ])
  expect(store.pairs.of(first)).toMatchObject([
    { prompt: 'own 1', task: 'imported', chosenAttempt: null, margin: null, reviewed: false },
    { prompt: 'own 2' },
  ])
  // The file is now known, corrected like any collection, and edited like any export.
  const second = stage()
  expect(await trained(second)).toHaveLength(2)
  expect(store.pairs.of(second)).toEqual([])
  writeFileSync(file, bare(2, 3))
  expect(await trained(stage())).toHaveLength(2)
  expect(store.pairs.count(first)).toMatchObject({ pairs: 3, dropped: 1 })
})

test('the export of a hidden run stays its export; that of a deleted one is imported, and nothing is said of a hand', async () => {
  collected()
  store.runs.setDeleted(1, true)
  const hidden = stage()
  expect(await trained(hidden)).toHaveLength(3)
  expect(store.pairs.trainsOn(hidden)).toMatchObject({ run: 1, round: 1 })
  expect(said).toEqual([])
  // Changed by hand, it is no longer what the hidden run had.
  edit((lines) => lines.slice(1))
  const changed = stage()
  expect(await trained(changed)).toHaveLength(2)
  expect(store.pairs.trainsOn(changed)).toMatchObject({ run: changed.run, round: 1 })
  expect(store.pairs.count({ run: 1, round: 1 })).toMatchObject({ pairs: 3, dropped: 0 })

  said = []
  collected()
  store.runs.purge(store.runs.latest()?.id ?? 0)
  const purged = stage()
  expect(await trained(purged)).toHaveLength(3)
  expect(said[0]).toMatch(/is not the export of a run in this store: its 3 pairs are imported/)
})

test('a file without any pair of its collection becomes a collection of its own', async () => {
  collected()
  writeFileSync(file, preferenceText([pair(9)]))
  const context = stage()
  expect(await trained(context)).toEqual(['9 good bad'])
  expect(store.pairs.count({ run: 1, round: 1 })).toMatchObject({ pairs: 3, dropped: 0 })
  expect(store.pairs.of(context)).toHaveLength(1)
})

test('a person’s file is never lost: an export first keeps a copy', async () => {
  writeFileSync(file, bare(1, 2))
  const context = stage()
  await trained(context)
  await trained(stage())
  // The pairs are the same, so the file keeps its own form.
  expect(readFileSync(file, 'utf8')).toBe(bare(1, 2))
  correctPairs(
    store,
    store.pairs
      .of(context)
      .map(({ id }) => id)
      .slice(0, 1),
    { kind: 'drop' },
  )
  said = []
  await trained(stage())
  const copy = join(folder, 'preferences.by-hand-1.jsonl')
  expect(said).toContain(`${file} has lines that no run of this store wrote. A copy of it is kept in ${copy}.`)
  expect(readFileSync(copy, 'utf8')).toBe(bare(1, 2))
  expect(await exported()).toHaveLength(1)
  // The lab's own export is overwritten; an edited one that was not imported is copied first.
  collected()
  expect(existsSync(join(folder, 'preferences.by-hand-2.jsonl'))).toBe(false)
  edit((lines) => lines.slice(1))
  collected([7])
  expect(readFileSync(join(folder, 'preferences.by-hand-2.jsonl'), 'utf8').split('\n')).toHaveLength(2)
  expect(await exported()).toEqual(['7 good bad'])
})

test('a training keeps the pairs that it began with, whatever is corrected meanwhile', async () => {
  const [first = 0, second = 0, third = 0] = collected()
  const context = stage()
  await trainingPairs(context, ['dpo'])
  // Until the first checkpoint a correction still counts.
  correctPairs(store, [first], { kind: 'drop' })
  const set = await trained(context)
  expect(set).toEqual(['2 good bad', '3 good bad'])
  checkpoint(context)
  correctPairs(store, [second], { kind: 'drop' })
  correctPairs(store, [third], { kind: 'edit', chosen: 'better' })
  correctPairs(store, [third], { kind: 'swap' })
  undoCorrection(store, { run: 1, round: 1 })
  edit((lines) => [...lines, preferenceText([pair(9)])])
  expect(await trained(stage())).toEqual(['2 good bad', '3 good bad', '9 good bad'])
  store.close()
  store = new Store(join(folder, 'lab.sqlite'))
  expect(await trained({ ...context, store })).toEqual(set)
})

/** Makes the training of this run one that an earlier version began with these pairs: they are in the run's folder. */
function begunEarlier(context: StageContext, pairs: readonly NewPair[]): void {
  const own = join(context.artifacts.folder, 'round-1')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'preferences.jsonl'), preferenceText(pairs))
  checkpoint(context)
}

test('a training that an earlier version began goes on with its collection as it was then', async () => {
  const [first = 0, second = 0] = collected()
  correctPairs(store, [first], { kind: 'drop' })
  const contexts = [stage(), stage({ run: 1, round: 1 })]
  for (const context of contexts) begunEarlier(context, store.pairs.kept({ run: 1, round: 1 }))
  correctPairs(store, [second], { kind: 'edit', chosen: 'better' })
  for (const context of contexts) {
    expect(await trained(context)).toEqual(['2 good bad', '3 good bad'])
    expect(store.pairs.trainsOn(context)).toMatchObject({ run: 1, round: 1 })
  }
})

test('a training that an earlier version began goes on with pairs that its store lacks, in their order', async () => {
  const set = [pair(9), pair(2), pair(9)]
  const [alone, pipeline] = [stage(), stage()]
  store.pairs.replace(pipeline, [pair(1), pair(2)])
  const [one = 0] = store.pairs.of(pipeline).map(({ id }) => id)
  correctPairs(store, [one], { kind: 'drop' })
  for (const context of [alone, pipeline]) {
    begunEarlier(context, set)
    for (const _ of ['imported', 'known'])
      expect(await trained(context)).toEqual(['9 good bad', '2 good bad', '9 good bad'])
  }
  // The collection of the run itself is as it was corrected.
  expect(store.pairs.kept(pipeline).map(({ seed }) => seed)).toEqual([2])
  undoCorrection(store, pipeline)
  expect(store.pairs.kept(pipeline).map(({ seed }) => seed)).toEqual([1, 2])
  expect(await trained(pipeline)).toHaveLength(3)
})

test('a training whose pairs are gone is not resumed with others', async () => {
  collected()
  const context = stage()
  await trainingPairs(context, ['dpo'])
  checkpoint(context)
  store.runs.purge(1)
  await expect(trained(context)).rejects.toThrow(/no longer has the pairs that run 2 began to train on/)
})

test('a set without kept pairs is refused, and so is a missing or empty file', async () => {
  correctPairs(store, collected(), { kind: 'drop' })
  await expect(trained(stage())).rejects.toThrow(
    /All pairs of run 1 were dropped by hand; keep some, or collect again\./,
  )
  writeFileSync(file, '\n')
  await expect(trained(stage())).rejects.toThrow(/holds no pairs/)
  writeFileSync(file, bare(1).replace('yes', ' '))
  await expect(trained(stage())).rejects.toThrow(`${file}:1: chosen must not be empty`)
  file = join(folder, 'none.jsonl')
  await expect(trained(stage())).rejects.toThrow(/none\.jsonl does not exist; run the collect stage/)
})

test('an export keeps a copy of a file that is no text, byte for byte', () => {
  collected()
  const bytes = Buffer.from([0x50, 0x41, 0x52, 0x31, 0xff, 0x00])
  writeFileSync(file, bytes)
  const copy = exportPreferences(store, file, { run: 1, round: 1 })
  expect(copy).toBe(join(folder, 'preferences.by-hand-1.jsonl'))
  expect(readFileSync(copy ?? '')).toEqual(bytes)
  expect(readFileSync(file, 'utf8')).toBe(preferenceText(store.pairs.kept({ run: 1, round: 1 })))
})
