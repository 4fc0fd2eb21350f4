import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type { NewPair } from '../store/pairs.ts'
import { Store } from '../store/store.ts'
import type { BroughtPair } from './dataset.ts'
import { PairReview } from './review.ts'

let store: Store
let review: PairReview
let run: number
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
  store = new Store(join(mkdtempSync(join(tmpdir(), 'review-')), 'lab.sqlite'))
  review = new PairReview(store)
  run = store.createRun('trial', 'collect', configSchema.parse({}))
  store.pairs.replace({ run, round: 1 }, [pair(1), pair(2), pair(3)])
  ids = store.pairs.of({ run, round: 1 }).map(({ id }) => id)
})
afterEach(() => store.close())

const first = () => store.pairs.of({ run, round: 1 })[0]
const kept = () => store.pairs.of({ run, round: 1 }).flatMap(({ keep, seed }) => (keep ? [seed] : []))

test('keep, drop, swap, edit and note do what they say', () => {
  const [id = 0] = ids
  review.apply([id], { kind: 'note', note: 'odd' })
  expect(first()).toMatchObject({ note: 'odd', reviewed: false, keep: true })
  review.apply([id], { kind: 'drop' })
  expect(first()).toMatchObject({ keep: false, reviewed: true, note: 'odd' })
  review.apply([id], { kind: 'keep' })
  review.apply([id], { kind: 'swap' })
  expect(first()).toMatchObject({
    keep: true,
    swapped: true,
    chosen: 'bad 1',
    rejected: 'good 1',
    chosenAttempt: 5,
    rejectedAttempt: 2,
    margin: -1,
  })
  review.apply([id], { kind: 'swap' })
  expect(first()).toMatchObject({ swapped: false, chosen: 'good 1', chosenAttempt: 2 })
  review.apply([id], { kind: 'edit', rejected: 'worse' })
  expect(first()).toMatchObject({ edited: true, chosen: 'good 1', rejected: 'worse', margin: null })
})

test('everything can be undone to what was collected, and done again, in the order it was done', () => {
  const before = store.pairs.of({ run, round: 1 })
  review.apply(ids, { kind: 'drop' })
  review.apply([ids[1] ?? 0], { kind: 'swap' })
  const state = review.apply([ids[2] ?? 0], { kind: 'edit', chosen: 'best' })
  expect(state).toMatchObject({ undo: 'edit', redo: null, pairs: [{ seed: 3, chosen: 'best' }] })
  const after = store.pairs.of({ run, round: 1 })
  expect(review.undo(run, 1)).toMatchObject({ undo: 'swap', redo: 'edit', pairs: [{ chosen: 'good 3' }] })
  review.undo(run, 1)
  expect(review.undo(run, 1)).toMatchObject({ undo: null, redo: 'drop' })
  expect(store.pairs.of({ run, round: 1 })).toEqual(before)
  expect(review.undo(run, 1)).toMatchObject({ pairs: [], undo: null })
  for (let i = 0; i < 4; i++) review.redo(run, 1)
  expect(store.pairs.of({ run, round: 1 })).toEqual(after)
  // The list only ever grows: three corrections, three undone, three done again.
  expect(review.history(run, 1, 100).map(({ kind }) => kind)).toEqual([
    ...['redo', 'redo', 'redo', 'undo', 'undo', 'undo'],
    ...['edit', 'swap', 'drop'],
  ])
})

test('a new correction ends what could be done again; rounds do not mix', () => {
  store.pairs.replace({ run, round: 2 }, [pair(7)])
  const [other = 0] = store.pairs.of({ run, round: 2 }).map(({ id }) => id)
  review.apply([ids[0] ?? 0], { kind: 'drop' })
  review.undo(run, 1)
  review.apply([other], { kind: 'drop' })
  expect(review.state(run, 1)).toMatchObject({ undo: null, redo: 'drop' })
  review.apply([ids[1] ?? 0], { kind: 'keep' })
  expect(review.state(run, 1)).toMatchObject({ undo: 'keep', redo: null })
  expect(() => review.apply([ids[0] ?? 0, other], { kind: 'keep' })).toThrow(/of different rounds/)
})

test('what cannot be is refused in a sentence and changes nothing', () => {
  const [id = 0] = ids
  expect(() => review.apply([id], { kind: 'edit', chosen: 'bad 1' })).toThrow(
    /Pair 1: chosen and rejected are the same/,
  )
  expect(() => review.apply([id], { kind: 'edit', chosen: ' ' })).toThrow(/must not be empty/)
  expect(() => review.apply([id, 999], { kind: 'drop' })).toThrow(/There is no pair 999 any more/)
  expect(() => review.apply([], { kind: 'drop' })).toThrow(/No pair was chosen/)
  expect(review.history(run, 1, 10)).toEqual([])
  expect(kept()).toEqual([1, 2, 3])
})

const written = (seed: number): BroughtPair => {
  const { task, prompt, step, chosen, rejected } = pair(seed)
  return { task, seed, step, prompt, chosen, rejected }
}

test('a set from elsewhere is added, or takes the place of what is here, and can be undone as one', () => {
  review.apply([ids[1] ?? 0], { kind: 'drop' })
  const set = [written(2), written(9), written(9)]
  expect(review.bringIn(run, 1, set, false)).toMatchObject({
    undo: 'import',
    added: 1,
    changed: 0,
    dropped: 0,
    same: 1,
  })
  // What was dropped by hand stays so.
  expect(kept()).toEqual([1, 3, 9])
  expect(store.pairs.of({ run, round: 1 }).at(-1)).toMatchObject({ chosenAttempt: null, reviewed: true })
  expect(review.bringIn(run, 1, [written(2), written(9)], true)).toMatchObject({ changed: 1, dropped: 2, same: 1 })
  expect(kept()).toEqual([2, 9])
  review.undo(run, 1)
  review.undo(run, 1)
  expect(kept()).toEqual([1, 3])
  expect(review.bringIn(run, 1, [written(9)], false)).toMatchObject({ added: 0, changed: 1 })
  expect(kept()).toEqual([1, 3, 9])
  expect(() => review.bringIn(run, 1, [], true)).toThrow(/The file holds no pairs/)
})

test('an export that comes back untouched changes nothing, whatever is done with it', () => {
  const before = store.pairs.of({ run, round: 1 })
  for (const replace of [false, true]) {
    expect(review.bringIn(run, 1, [1, 2, 3].map(written), replace)).toMatchObject({ pairs: [], undo: null, same: 3 })
  }
  expect(store.pairs.of({ run, round: 1 })).toEqual(before)
})

test('a text that was changed in the file is an edit of its pair, sides that changed places are a swap', () => {
  const set = [
    { ...written(1), rejected: 'worse' },
    { ...written(2), chosen: 'bad 2', rejected: 'good 2' },
    // In TRL's form alone, the prompt says which it is.
    { ...written(3), chosen: 'best', rejected: 'worst', task: null, seed: null, step: null },
  ]
  expect(review.bringIn(run, 1, set, true)).toMatchObject({ added: 0, changed: 3, dropped: 0 })
  expect(store.pairs.of({ run, round: 1 })).toMatchObject([
    { chosen: 'good 1', rejected: 'worse', edited: true, reviewed: true, keep: true },
    { chosen: 'bad 2', swapped: true, edited: false, chosenAttempt: 5, margin: -1 },
    { task: 'click-tab', seed: 3, chosen: 'best', rejected: 'worst', edited: true },
  ])
})

test('of several pairs at one place the file changes the one that is most like its line', () => {
  store.pairs.replace(
    { run, round: 2 },
    ['a', 'b', 'c'].map((rejected) => ({ ...pair(1), chosen: `not ${rejected}`, rejected })),
  )
  const line = (chosen: string, rejected: string) => ({ ...written(1), chosen, rejected })
  const set = [line('not b', 'B'), line('not c', 'c'), line('new', 'new too'), line('more', 'and more')]
  expect(review.bringIn(run, 2, set, true)).toMatchObject({ added: 1, changed: 2, same: 1 })
  expect(store.pairs.of({ run, round: 2 }).map(({ chosen, rejected }) => [chosen, rejected])).toEqual([
    ['new', 'new too'],
    ['not b', 'B'],
    ['not c', 'c'],
    ['more', 'and more'],
  ])
})

test('what says nothing of its place gets one', () => {
  review.bringIn(run, 1, [{ ...written(9), task: null, seed: null, step: null }], false)
  expect(store.pairs.of({ run, round: 1 }).at(-1)).toMatchObject({
    task: 'imported',
    seed: 0,
    step: 0,
    prompt: 'prompt 9',
  })
})
