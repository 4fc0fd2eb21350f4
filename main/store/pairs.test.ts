import { mkdtempSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type { RoundKey } from './keys.ts'
import { marksOf, type NewPair, type PairFilter, type PairOrder, type StoredPair } from './pairs.ts'
import { Store } from './store.ts'

let store: Store
let round: RoundKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'pairs-')), 'lab.sqlite'))
  round = { run: store.runs.create('trial', 'collect', configSchema.parse({})), round: 1 }
})
afterEach(() => store.close())

const pair = (seed: number): NewPair => ({
  task: seed < 3 ? 'click-tab' : 'enter-text',
  seed,
  step: 0,
  chosenAttempt: 0,
  rejectedAttempt: 1,
  margin: seed < 3 ? seed : null,
  prompt: `prompt ${seed}`,
  chosen: 'answer 0',
  rejected: seed < 3 ? 'answer 1' : 'longer answer',
})
const UNSEEN = {
  policyMargin: null,
  keep: true,
  swapped: false,
  edited: false,
  reviewed: false,
  note: '',
  columns: null,
}

test('the pairs of a round are replaced as a whole', () => {
  store.pairs.replace(round, [pair(1), pair(2)])
  store.pairs.replace(round, [pair(3)])
  expect(store.pairs.of(round)).toEqual([{ id: 3, ...round, ...pair(3), ...UNSEEN }])
  expect(store.pairs.get(3)).toEqual(store.pairs.of(round)[0])
  expect(store.pairs.of({ ...round, round: 2 })).toEqual([])
})

/** Drops a pair, as a person does. */
function drop(id: number): void {
  const before = marksOf(store.pairs.get(id)!)
  const after = { ...before, keep: false, reviewed: true }
  store.pairs.correct(round, { kind: 'drop', reverts: null, changes: [{ pair: id, before, after }] })
}

test('a round that is collected again with other pairs loses its corrections, and no other round changes', () => {
  const other = { run: store.runs.create('trial', 'collect', configSchema.parse({})), round: 1 }
  const training = { run: store.runs.create('trial', 'dpo', configSchema.parse({})), round: 1 }
  store.pairs.replace(round, [pair(1), pair(2)])
  drop(1)
  const before = store.pairs.edit(1)
  store.pairs.setTrainingSet(training, round)
  store.pairs.setTrainingSet(round, round)
  store.pairs.setKnownFile('a.jsonl', 'digest', round)
  store.pairs.replace(round, [pair(3)])
  store.pairs.replace(other, [pair(4)])
  expect(store.pairs.editKinds(round)).toEqual([])
  expect(store.pairs.knownFile('a.jsonl', 'digest')).toBeUndefined()
  expect(store.pairs.trainingSet(round)).toBeUndefined()
  expect(store.pairs.trainingSet(training)).toMatchObject([pair(2)])
  // Not even a correction that names a pair of another round changes it.
  const [theirs] = store.pairs.of(other)
  store.pairs.correct(round, { ...before, changes: [{ ...before.changes[0]!, pair: theirs!.id }] })
  expect(store.pairs.of(other)).toEqual([theirs])
})

test('a round that is collected again with the same pairs keeps its corrections', () => {
  store.pairs.replace(round, [pair(1), pair(2)])
  drop(1)
  store.pairs.setMargins('margin', new Map([[2, 7]]))
  const added = store.pairs.get(store.pairs.add(round, pair(4)))!
  const marks = marksOf(added)
  const changes = [{ pair: added.id, before: { ...marks, keep: false }, after: marks }]
  store.pairs.correct(round, { kind: 'import', reverts: null, changes })
  const before = store.pairs.of(round)
  store.pairs.replace(round, [pair(1), pair(2)])
  expect(store.pairs.of(round)).toEqual(before)
  expect(store.pairs.editKinds(round)).toHaveLength(2)
})

test('pairs are listed by pages, filtered and sorted, each with its place in the list', () => {
  store.pairs.replace(round, [pair(1), pair(2), pair(3)])
  const filter = (more: Partial<PairFilter>) => ({ ...round, ...more })
  const list = (more: Partial<PairFilter>, by: PairOrder['by'] = 'id', descending = false) =>
    store.pairs.list(filter(more), { by, descending }, { offset: 0, limit: 100 })
  expect(list({}, 'margin', true)).toMatchObject({
    total: 3,
    rows: [{ seed: 2, margin: 2 }, { margin: 1 }, { margin: null }],
  })
  expect(list({}, 'rejected', true).rows[0]).toMatchObject({ seed: 3 })
  expect(list({}).rows[0]).not.toHaveProperty('prompt')
  expect(list({ task: 'click-tab' }).total).toBe(2)
  expect(list({ search: 'PROMPT 3' }).rows).toMatchObject([{ seed: 3 }])
  expect(list({ search: 'prompt_3' }).rows).toEqual([])
  drop(1)
  expect(list({ state: 'dropped' }).rows).toMatchObject([{ seed: 1 }])
  expect(list({ state: 'unreviewed' }).total).toBe(2)
  const byMargin: PairOrder = { by: 'margin', descending: true }
  expect([1, 2, 3].map((id) => store.pairs.place(round, byMargin, id))).toEqual([1, 0, 2])
  expect(store.pairs.place(filter({ state: 'dropped' }), byMargin, 2)).toBeNull()
})

test('the reviewed pairs of a round are counted', () => {
  store.pairs.replace(round, [pair(1), pair(2), pair(3)])
  drop(1)
  const count = { pairs: 3, reviewed: 1, dropped: 1, swapped: 0, edited: 0 }
  expect(store.pairs.rounds()).toEqual([{ ...round, ...count }])
  expect(store.pairs.count(round)).toEqual(count)
  expect(store.pairs.count({ ...round, round: 5 })).toMatchObject({ pairs: 0, reviewed: 0 })
  expect(store.pairs.tasks(round)).toEqual([
    { task: 'click-tab', count: 2 },
    { task: 'enter-text', count: 1 },
  ])
  expect(store.pairs.kept(round).map(({ id }) => id)).toEqual([2, 3])
})

test('a correction is stored with the earlier state', () => {
  store.pairs.replace(round, [pair(1), pair(2)])
  drop(2)
  drop(1)
  expect(store.pairs.editKinds(round)).toEqual([
    { id: 1, kind: 'drop', reverts: null, author: null },
    { id: 2, kind: 'drop', reverts: null, author: null },
  ])
  expect(store.pairs.edits(round, 1)).toEqual([store.pairs.edit(2)])
  // What stays is not stored: a correction may be of 100,000 pairs.
  expect(store.pairs.edit(1)).toMatchObject({ reverts: null })
  expect(store.pairs.edit(1).changes).toEqual([
    { pair: 2, before: { keep: true, reviewed: false }, after: { keep: false, reviewed: true } },
  ])
  expect(store.pairs.editKinds({ ...round, round: 2 })).toEqual([])
})

test('margins are stored by pair and by policy', () => {
  store.pairs.replace(round, [pair(1), pair(2)])
  store.pairs.setMargins('margin', new Map([[1, 5]]))
  store.pairs.setMargins('policyMargin', new Map([[2, 7]]))
  expect(store.pairs.of(round)).toMatchObject([
    { margin: 5, policyMargin: null },
    { margin: 2, policyMargin: 7 },
  ])
})

test('a training set is a collection as it was then; later corrections do not change it', () => {
  const training = { run: store.runs.create('trial', 'dpo', configSchema.parse({})), round: 3 }
  store.pairs.replace(round, [pair(1), pair(2), pair(3)])
  const [one, two, three] = store.pairs.of(round)
  const drop = (of: StoredPair | undefined) => {
    const before = marksOf(of!)
    const changes = [{ pair: of!.id, before, after: { ...before, keep: false } }]
    store.pairs.correct(round, { kind: 'drop', reverts: null, changes })
  }
  const edit = (of: StoredPair | undefined, from: string, to: string) => {
    const marks = marksOf(of!)
    const changes = [{ pair: of!.id, before: { ...marks, chosen: from }, after: { ...marks, chosen: to } }]
    store.pairs.correct(round, { kind: 'edit', reverts: null, changes })
  }
  expect(store.pairs.trainingSet(training)).toBeUndefined()
  drop(one)
  edit(two, two!.chosen, 'first')
  store.pairs.setTrainingSet(training, round)
  const set = store.pairs.kept(round)
  expect(set.map(({ chosen }) => chosen)).toEqual(['first', three!.chosen])
  expect(store.pairs.trainingSet(training)).toEqual(set)
  edit(two, 'first', 'second')
  edit(two, 'second', 'third')
  drop(three)
  const added = store.pairs.get(store.pairs.add(round, pair(4)))!
  const marks = marksOf(added)
  store.pairs.correct(round, {
    kind: 'import',
    reverts: null,
    changes: [{ pair: added.id, before: { ...marks, keep: false }, after: marks }],
  })
  expect(store.pairs.kept(round).map(({ id }) => id)).toEqual([two!.id, added.id])
  expect(store.pairs.trainingSet(training)).toEqual(set)
  // Set again, it is the present collection; with the collection it is deleted.
  store.pairs.setTrainingSet(training, round)
  expect(store.pairs.trainingSet(training)).toEqual(store.pairs.kept(round))
  store.runs.purge(round.run)
  expect(store.pairs.trainingSet(training)).toBeUndefined()
})

test('a file is recognised by its digest, first at the same path, and by its path relative to the store', () => {
  const second = { ...round, round: 2 }
  const folder = dirname(store.path)
  const [a, b, elsewhere] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl'), join(folder, 'moved.jsonl')]
  store.pairs.setKnownFile(a, 'digest', round)
  store.pairs.setKnownFile(b, 'digest', second)
  expect(store.pairs.knownFile(a, 'digest')).toEqual({ ...round, digest: 'digest', edit: 0, isHidden: false })
  expect(store.pairs.knownFile(elsewhere, 'digest')).toMatchObject(second)
  expect(store.pairs.knownFile(a, 'other')).toEqual({ ...round, digest: 'digest', edit: 0, isHidden: false })
  expect(store.pairs.knownFile(elsewhere, 'other')).toBeUndefined()
  // Moved with its store.
  store.close()
  renameSync(folder, `${folder}-moved`)
  store = new Store(join(`${folder}-moved`, 'lab.sqlite'))
  expect(store.pairs.knownFile(join(`${folder}-moved`, 'b.jsonl'), 'other')).toMatchObject(second)
  // The files of a hidden run are known as such, those of a deleted one are forgotten.
  store.runs.setDeleted(round.run, true)
  expect(store.pairs.knownFile(join(`${folder}-moved`, 'b.jsonl'), 'digest')).toMatchObject({ isHidden: true })
  store.runs.purge(round.run)
  expect(store.pairs.knownFile(join(`${folder}-moved`, 'b.jsonl'), 'digest')).toBeUndefined()
})
