import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { type NewPair, Store } from '../store/store.ts'
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
  store.setPairs(run, 1, [pair(1), pair(2), pair(3)])
  ids = store.pairs(run, 1).map(({ id }) => id)
})
afterEach(() => store.close())

const first = () => store.pairs(run, 1)[0]
const kept = () => store.pairs(run, 1).flatMap(({ keep, seed }) => (keep ? [seed] : []))

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
  const before = store.pairs(run, 1)
  review.apply(ids, { kind: 'drop' })
  review.apply([ids[1] ?? 0], { kind: 'swap' })
  const state = review.apply([ids[2] ?? 0], { kind: 'edit', chosen: 'best' })
  expect(state).toMatchObject({ undo: 'edit', redo: null, pairs: [{ seed: 3, chosen: 'best' }] })
  const after = store.pairs(run, 1)
  expect(review.undo(run, 1)).toMatchObject({ undo: 'swap', redo: 'edit', pairs: [{ chosen: 'good 3' }] })
  review.undo(run, 1)
  expect(review.undo(run, 1)).toMatchObject({ undo: null, redo: 'drop' })
  expect(store.pairs(run, 1)).toEqual(before)
  expect(review.undo(run, 1)).toMatchObject({ pairs: [], undo: null })
  for (let i = 0; i < 4; i++) review.redo(run, 1)
  expect(store.pairs(run, 1)).toEqual(after)
  // The list only ever grows: three corrections, three undone, three done again.
  expect(review.history(run, 1, 100).map(({ kind }) => kind)).toEqual([
    ...['redo', 'redo', 'redo', 'undo', 'undo', 'undo'],
    ...['edit', 'swap', 'drop'],
  ])
})

test('a new correction ends what could be done again; rounds do not mix', () => {
  store.setPairs(run, 2, [pair(7)])
  const [other = 0] = store.pairs(run, 2).map(({ id }) => id)
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

test('a set from elsewhere is added, or takes the place of what is here, and can be undone as one', () => {
  const { chosenAttempt: _, rejectedAttempt: __, ...known } = pair(2)
  const fresh = { ...known, seed: 9, prompt: 'prompt 9' }
  review.apply([ids[1] ?? 0], { kind: 'drop' })
  expect(review.bringIn(run, 1, [known, fresh, fresh], false)).toMatchObject({ undo: 'import' })
  expect(kept()).toEqual([1, 2, 3, 9])
  expect(store.pairs(run, 1).at(-1)).toMatchObject({ chosenAttempt: null, reviewed: true })
  review.bringIn(run, 1, [fresh], true)
  expect(kept()).toEqual([9])
  review.undo(run, 1)
  expect(kept()).toEqual([1, 2, 3, 9])
  review.undo(run, 1)
  expect(kept()).toEqual([1, 3])
  expect(() => review.bringIn(run, 1, [], true)).toThrow(/The file holds no pairs/)
})
