import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { english } from '../messages/say.ts'
import type { RoundKey } from '../store/keys.ts'
import type { NewPair } from '../store/pairs.ts'
import { Store } from '../store/store.ts'
import { type FilePair, preferenceText } from './dataset.ts'
import { importPairs } from './import.ts'
import { correctPairs, redoCorrection, reviewState, undoCorrection } from './review.ts'

let store: Store
let round: RoundKey
let ids: number[]

const pair = (seed: number): NewPair => ({
  task: 'click-tab',
  seed,
  step: 0,
  chosenAttempt: 2,
  rejectedAttempt: 5,
  margin: 1,
  prompt: `prompt ${seed}`,
  chosen: `good ${seed}`,
  rejected: `bad ${seed}`,
})

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'import-')), 'lab.sqlite'))
  round = { run: store.runs.create('trial', 'collect', configSchema.parse({})), round: 1 }
  store.pairs.replace(round, [pair(1), pair(2), pair(3)])
  ids = store.pairs.of(round).map(({ id }) => id)
})
afterEach(() => store.close())

const kept = () => store.pairs.kept(round).map(({ seed }) => seed)

/** Imports these lines. */
function bringIn(lines: readonly Omit<FilePair, 'line'>[], replace: boolean, into = round) {
  const set = lines.map((line, at) => ({ ...line, line: at + 1 }))
  const { told, ...counts } = importPairs(store, into, set, { file: 'a.jsonl', replace })
  return { ...counts, told: told.map(english) }
}

const written = (seed: number): Omit<FilePair, 'line'> => {
  const { task, prompt, step, chosen, rejected } = pair(seed)
  return { task, seed, step, prompt, chosen, rejected }
}

test('a foreign file is added, or replaces the round, and can be undone as one correction', () => {
  correctPairs(store, [ids[1] ?? 0], { kind: 'drop' })
  expect(bringIn([written(2), written(9), written(9)], false)).toEqual({
    added: 1,
    changed: 0,
    dropped: 0,
    same: 1,
    told: [
      expect.stringMatching(
        /^a\.jsonl: the agent could not act on the chosen answer of 1 pair \(line 3: the answer is not/,
      ),
      'a.jsonl:3: added pair 4 (click-tab, seed 9, step 0)',
    ],
  })
  expect(reviewState(store, round)).toMatchObject({ undo: 'import' })
  // Pairs that were dropped by hand stay dropped.
  expect(kept()).toEqual([1, 3, 9])
  expect(store.pairs.of(round).at(-1)).toMatchObject({ chosenAttempt: null, reviewed: true })
  expect(bringIn([written(2), written(9)], true)).toEqual({
    added: 0,
    changed: 1,
    dropped: 2,
    same: 1,
    told: [
      'a.jsonl:1: keeps pair 2 (click-tab, seed 2, step 0) again',
      'a.jsonl has no line for pair 1 (click-tab, seed 1, step 0): dropped',
      'a.jsonl has no line for pair 3 (click-tab, seed 3, step 0): dropped',
    ],
  })
  expect(kept()).toEqual([2, 9])
  undoCorrection(store, round)
  undoCorrection(store, round)
  expect(kept()).toEqual([1, 3])
  expect(bringIn([written(9)], false)).toMatchObject({ added: 0, changed: 1 })
  expect(kept()).toEqual([1, 3, 9])
})

test('importing an unchanged export changes nothing in either way', () => {
  const before = store.pairs.of(round)
  for (const replace of [false, true]) {
    expect(bringIn([1, 2, 3].map(written), replace)).toEqual({ added: 0, changed: 0, dropped: 0, same: 3, told: [] })
  }
  expect(store.pairs.of(round)).toEqual(before)
  expect(store.pairs.edits(round, 10)).toEqual([])
})

test('a text that was changed in the file is an edit of its pair, and exchanged sides are a swap', () => {
  const set = [
    { ...written(1), rejected: 'worse' },
    { ...written(2), chosen: 'bad 2', rejected: 'good 2' },
    // In plain TRL form, only the prompt identifies the pair.
    { ...written(3), chosen: 'best', rejected: 'worst', task: null, seed: null, step: null },
  ]
  expect(bringIn(set, true)).toMatchObject({
    added: 0,
    changed: 3,
    dropped: 0,
    told: [
      expect.stringMatching(/chosen answers of 2 pairs \(lines 2, 3; the first: /),
      'a.jsonl:1: changed rejected of pair 1 (click-tab, seed 1, step 0)',
      'a.jsonl:2: swapped chosen and rejected of pair 2 (click-tab, seed 2, step 0)',
      'a.jsonl:3: changed chosen, rejected of pair 3 (click-tab, seed 3, step 0)',
    ],
  })
  expect(store.pairs.of(round)).toMatchObject([
    { chosen: 'good 1', rejected: 'worse', edited: true, reviewed: true, keep: true },
    { chosen: 'bad 2', swapped: true, edited: false, chosenAttempt: 5, margin: -1 },
    { task: 'click-tab', seed: 3, chosen: 'best', rejected: 'worst', edited: true },
  ])
})

test('of several pairs at one place, the file changes the one most like its line', () => {
  const second = { ...round, round: 2 }
  store.pairs.replace(
    second,
    ['a', 'b', 'c'].map((rejected) => ({ ...pair(1), chosen: `not ${rejected}`, rejected })),
  )
  const line = (chosen: string, rejected: string) => ({ ...written(1), chosen, rejected })
  const set = [line('not b', 'B'), line('not c', 'c'), line('new', 'new too'), line('more', 'and more')]
  expect(bringIn(set, true, second)).toMatchObject({ added: 1, changed: 2, same: 1 })
  expect(store.pairs.of(second).map(({ chosen, rejected }) => [chosen, rejected])).toEqual([
    ['new', 'new too'],
    ['not b', 'B'],
    ['not c', 'c'],
    ['more', 'and more'],
  ])
})

test('a pair without task and step gets default ones', () => {
  bringIn([{ ...written(9), task: null, seed: null, step: null }], false)
  expect(store.pairs.of(round).at(-1)).toMatchObject({ task: 'imported', seed: 0, step: 0, prompt: 'prompt 9' })
})

test('an answer without text is refused with its line, unless it was collected so', () => {
  const second = { ...round, round: 2 }
  store.pairs.replace(second, [{ ...pair(1), rejected: ' ' }, pair(2)])
  const set = [
    { ...written(1), chosen: ' ', rejected: 'good 1' },
    { ...written(9), chosen: ' \n' },
    { ...written(2), rejected: '\t' },
  ]
  expect(() => bringIn(set, false, second)).toThrow(
    [
      'a.jsonl:2: chosen must not be empty; correct or delete the line.',
      'a.jsonl:3: rejected must not be empty; correct or delete the line.',
    ].join('\n'),
  )
  expect(store.pairs.editKinds(second)).toEqual([])
  expect(bringIn(set.slice(0, 1), false, second)).toMatchObject({ changed: 1 })
})

test('a new pair may have an empty answer to reject, as a policy gives it', () => {
  expect(bringIn([{ ...written(9), rejected: '' }], false)).toMatchObject({ added: 1 })
  expect(bringIn([{ ...written(9), rejected: '' }], false)).toMatchObject({ added: 0, same: 1 })
})

test('a pair that gets its collected texts back is as it was collected', () => {
  const collected = { chosenAttempt: 2, rejectedAttempt: 5, swapped: false, edited: false, margin: 1 }
  const first = () => store.pairs.of(round)[0]
  const line = (chosen: string, rejected: string) =>
    bringIn([{ ...written(1), chosen, rejected }], false).told.slice(-2)
  line('good 1', 'worse')
  expect(first()).toMatchObject({ ...collected, edited: true, margin: null })
  line('good 1', 'bad 1')
  expect(first()).toMatchObject(collected)
  // The other side's text, beside a new one: its attempt comes with it.
  expect(line('bad 1', 'worst')).toEqual([
    'a.jsonl:1: swapped chosen and rejected of pair 1 (click-tab, seed 1, step 0)',
    'a.jsonl:1: changed rejected of pair 1 (click-tab, seed 1, step 0)',
  ])
  expect(first()).toMatchObject({ chosenAttempt: 5, rejectedAttempt: 2, swapped: true, edited: true, margin: null })
  line('new', 'worst')
  expect(first()).toMatchObject({ chosenAttempt: 5, swapped: true, edited: true })
  line('good 1', 'worst')
  expect(first()).toMatchObject({ chosenAttempt: 2, swapped: false, edited: true })
  correctPairs(store, [ids[0] ?? 0], { kind: 'swap' })
  correctPairs(store, [ids[0] ?? 0], { kind: 'edit', chosen: 'bad 1', rejected: 'good 1' })
  expect(first()).toMatchObject({ chosenAttempt: 5, rejectedAttempt: 2, swapped: true, edited: false, margin: -1 })
  line('good 1', 'bad 1')
  expect(first()).toMatchObject(collected)
})

test('keys of the user’s own come back from an export', () => {
  const columns = JSON.stringify({ id: 'my-1', annotator: { name: 'w3' }, score: null })
  bringIn(
    [
      { ...written(1), columns },
      { ...written(9), columns },
    ],
    false,
  )
  const again = bringIn([{ ...written(1), columns: '{"id":2}' }], false)
  expect(again).toMatchObject({ changed: 1, same: 0, told: ['a.jsonl: changed your own keys of 1 pair (line 1)'] })
  const idOfFirst = () => JSON.parse(preferenceText(store.pairs.kept(round)).split('\n')[0] ?? '').id
  expect(idOfFirst()).toBe(2)
  undoCorrection(store, round)
  expect(idOfFirst()).toBe('my-1')
  redoCorrection(store, round)
  expect(idOfFirst()).toBe(2)
  bringIn([{ ...written(1), columns }], false)
  bringIn([written(1)], false)
  const lines = preferenceText(store.pairs.kept(round)).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(['my-1', undefined, undefined, 'my-1'])
  expect(JSON.parse(lines[3] ?? '')).toMatchObject({ seed: 9, annotator: { name: 'w3' }, score: null })
})
