import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type { RoundKey } from '../store/keys.ts'
import type { NewPair } from '../store/pairs.ts'
import { Store } from '../store/store.ts'
import { correctMany, correctPairs, redoCorrection, reviewState, undoCorrection } from './review.ts'

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
  store = new Store(join(mkdtempSync(join(tmpdir(), 'review-')), 'lab.sqlite'))
  round = { run: store.runs.create('trial', 'collect', configSchema.parse({})), round: 1 }
  store.pairs.replace(round, [pair(1), pair(2), pair(3)])
  ids = store.pairs.of(round).map(({ id }) => id)
})
afterEach(() => store.close())

const first = () => store.pairs.of(round)[0]
const kept = () => store.pairs.of(round).flatMap(({ keep, seed }) => (keep ? [seed] : []))

test('keep, drop, swap, edit and note have their effects', () => {
  const [id = 0] = ids
  correctPairs(store, [id], { kind: 'note', note: 'odd' })
  expect(first()).toMatchObject({ note: 'odd', reviewed: false, keep: true })
  correctPairs(store, [id], { kind: 'drop' })
  expect(first()).toMatchObject({ keep: false, reviewed: true, note: 'odd' })
  correctPairs(store, [id], { kind: 'keep' })
  correctPairs(store, [id], { kind: 'swap' })
  expect(first()).toMatchObject({
    keep: true,
    swapped: true,
    chosen: 'bad 1',
    rejected: 'good 1',
    chosenAttempt: 5,
    rejectedAttempt: 2,
    margin: -1,
  })
  correctPairs(store, [id], { kind: 'swap' })
  expect(first()).toMatchObject({ swapped: false, chosen: 'good 1', chosenAttempt: 2 })
  correctPairs(store, [id], { kind: 'edit', rejected: 'worse' })
  expect(first()).toMatchObject({ edited: true, chosen: 'good 1', rejected: 'worse', margin: null })
})

test('every correction can be undone and redone, in order', () => {
  const before = store.pairs.of(round)
  correctPairs(store, ids, { kind: 'drop' })
  correctPairs(store, [ids[1] ?? 0], { kind: 'swap' })
  const state = correctPairs(store, [ids[2] ?? 0], { kind: 'edit', chosen: 'best' })
  expect(state).toMatchObject({ undo: 'edit', redo: null, pairs: [{ seed: 3, chosen: 'best' }] })
  const after = store.pairs.of(round)
  expect(undoCorrection(store, round)).toMatchObject({ undo: 'swap', redo: 'edit', pairs: [{ chosen: 'good 3' }] })
  undoCorrection(store, round)
  expect(undoCorrection(store, round)).toMatchObject({ undo: null, redo: 'drop' })
  expect(store.pairs.of(round)).toEqual(before)
  expect(undoCorrection(store, round)).toMatchObject({ pairs: [], undo: null })
  for (let i = 0; i < 4; i++) redoCorrection(store, round)
  expect(store.pairs.of(round)).toEqual(after)
  // The list only grows: three corrections, three undone, three redone.
  expect(store.pairs.edits(round, 100).map(({ kind }) => kind)).toEqual([
    ...['redo', 'redo', 'redo', 'undo', 'undo', 'undo'],
    ...['edit', 'swap', 'drop'],
  ])
})

test('a window undoes its own corrections, each as one step, and never those of another window', () => {
  const [one = 0, two = 0, three = 0] = ids
  const { edit } = correctMany(store, ids, { kind: 'drop' }, 'a')
  correctPairs(store, [two], { kind: 'keep' }, 'b')
  expect(reviewState(store, round, 'a')).toMatchObject({ undo: 'drop', redo: null })
  // What the other window corrected since stays as it left it.
  expect(undoCorrection(store, round, { author: 'a' })).toMatchObject({
    corrected: 2,
    left: 1,
    undo: null,
    redo: 'drop',
  })
  expect(store.pairs.get(two)).toMatchObject({ keep: true, reviewed: true })
  expect(store.pairs.get(one)).toMatchObject({ keep: true, reviewed: false })
  expect(undoCorrection(store, round, { author: 'a' })).toMatchObject({ corrected: 0, left: 0 })
  expect(reviewState(store, round, 'b')).toMatchObject({ undo: 'keep', redo: null })
  expect(redoCorrection(store, round, { author: 'b' })).toMatchObject({ corrected: 0 })
  expect(redoCorrection(store, round, { author: 'a' })).toMatchObject({ corrected: 2, left: 1 })
  undoCorrection(store, round, { author: 'b' })
  expect(kept()).toEqual([])
  // A step that is meant, though the window has gone on.
  correctPairs(store, [three], { kind: 'note', note: 'odd' }, 'a')
  expect(undoCorrection(store, round, { author: 'a', edit })).toMatchObject({ corrected: 2, left: 1, undo: 'note' })
  expect(store.pairs.get(three)).toMatchObject({ keep: false, note: 'odd' })
  expect(undoCorrection(store, round, { author: 'b', edit })).toMatchObject({ corrected: 0, left: 0 })
})

test('every window can undo what none made: imports by the command line, and corrections of older versions', () => {
  correctPairs(store, ids, { kind: 'drop' })
  expect(reviewState(store, round, 'b')).toMatchObject({ undo: 'drop' })
  expect(undoCorrection(store, round, { author: 'a' })).toMatchObject({ corrected: 3, redo: 'drop' })
  expect(reviewState(store, round, 'b')).toMatchObject({ undo: null, redo: null })
  expect(kept()).toHaveLength(3)
})

test('a correction of many pairs gives back the first of them, and how many they are', () => {
  store.pairs.replace(
    round,
    Array.from({ length: 250 }, (_, seed) => pair(seed)),
  )
  const all = store.pairs.of(round).map(({ id }) => id)
  expect(correctMany(store, all, { kind: 'drop' })).toMatchObject({ round })
  const { pairs, corrected } = undoCorrection(store, round)
  expect([pairs.length, corrected]).toEqual([100, 250])
  expect(pairs[0]).toMatchObject({ id: all[0], keep: true })
  expect(kept()).toHaveLength(250)
})

test('undoing a swap forgets margins that were computed of the swapped texts', () => {
  const [id = 0] = ids
  correctPairs(store, [id], { kind: 'swap' })
  store.pairs.setMargins('policyMargin', new Map([[id, 4]]))
  correctPairs(store, [id], { kind: 'drop' })
  undoCorrection(store, round)
  expect(first()).toMatchObject({ margin: -1, policyMargin: 4 })
  undoCorrection(store, round)
  expect(first()).toMatchObject({ chosen: 'good 1', margin: 1, policyMargin: null })
})

test('corrections that an older version stored whole are undone as before', () => {
  const [id = 0] = ids
  const { chosen, rejected, chosenAttempt, rejectedAttempt, margin, keep, swapped, edited, reviewed, note } = first()!
  const before = { chosen, rejected, chosenAttempt, rejectedAttempt, margin, keep, swapped, edited, reviewed, note }
  correctPairs(store, [id], { kind: 'drop' })
  const { path } = store
  store.close()
  const file = new DatabaseSync(path)
  const changes = JSON.stringify([{ pair: id, before, after: { ...before, keep: false, reviewed: true } }])
  file.prepare('UPDATE pair_edits SET changes = ?').run(changes)
  file.close()
  store = new Store(path)
  expect(store.pairs.keptAt(round, 0)).toHaveLength(3)
  undoCorrection(store, round)
  expect(first()).toMatchObject({ ...before, policyMargin: null })
})

test('a new correction ends what could be redone; rounds are separate', () => {
  const second = { ...round, round: 2 }
  store.pairs.replace(second, [pair(7)])
  const [other = 0] = store.pairs.of(second).map(({ id }) => id)
  correctPairs(store, [ids[0] ?? 0], { kind: 'drop' })
  undoCorrection(store, round)
  correctPairs(store, [other], { kind: 'drop' })
  expect(reviewState(store, round)).toMatchObject({ undo: null, redo: 'drop' })
  correctPairs(store, [ids[1] ?? 0], { kind: 'keep' })
  expect(reviewState(store, round)).toMatchObject({ undo: 'keep', redo: null })
  expect(() => correctPairs(store, [ids[0] ?? 0, other], { kind: 'keep' })).toThrow(/belong to different rounds/)
})

test('impossible corrections are refused with a message and change nothing', () => {
  const [id = 0] = ids
  expect(() => correctPairs(store, [id], { kind: 'edit', chosen: 'bad 1' })).toThrow(
    /Pair 1: chosen and rejected are the same/,
  )
  expect(() => correctPairs(store, [id], { kind: 'edit', chosen: ' ' })).toThrow(/must not be empty/)
  expect(() => correctPairs(store, [id, 999], { kind: 'drop' })).toThrow(/There is no pair 999 any more/)
  expect(() => correctPairs(store, [], { kind: 'drop' })).toThrow(/No pair was chosen/)
  expect(store.pairs.edits(round, 10)).toEqual([])
  expect(kept()).toEqual([1, 2, 3])
})
