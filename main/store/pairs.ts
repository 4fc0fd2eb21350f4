/** Preference pairs for training, and all corrections that were made to them by hand. */
import { dirname, relative } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import { z } from 'zod'
import { realPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import type { Database, Row } from './database.ts'
import { VERDICTS, type Verdict } from './judgements.ts'
import type { RoundKey } from './keys.ts'
import { allOf, containing, type Page, type Slice, type Where } from './page.ts'
import { readJson, readValue } from './values.ts'

/** The parts of a pair that can change. */
const marks = {
  chosen: z.string(),
  rejected: z.string(),
  /** The attempts of the two completions; null for a text that was not played here. */
  chosenAttempt: z.int().nullable(),
  rejectedAttempt: z.int().nullable(),
  /**
   * Log-probability of chosen minus that of rejected under the policy that played them, in nats. It is that of the
   * sampled tokens, until somebody requests that of the texts as training reads them. Null for texts that were not
   * played.
   */
  margin: z.number().nullable(),
  /** The same under the policy that was trained on the round; null until somebody requests it. */
  policyMargin: z.number().nullable(),
  /** Whether training uses it. */
  keep: z.boolean(),
  /** Whether chosen and rejected were swapped after collection. */
  swapped: z.boolean(),
  /** Whether a text was changed by hand. */
  edited: z.boolean(),
  /** Whether somebody has reviewed it. */
  reviewed: z.boolean(),
  note: z.string(),
  /**
   * Keys of a user's own in the line that it was imported from, as a JSON object; null where there are none. Corrections of
   * older versions lack them, and leave them as they are.
   */
  columns: z.string().nullable().optional(),
}
const marksSchema = z.strictObject(marks)
export type Marks = Readonly<z.output<typeof marksSchema>>

/** Those that a correction changes. Older versions stored all, at first without `policyMargin`: that was null. */
const changedSchema = marksSchema.partial().transform((kept) => {
  const isWhole = 'note' in kept && 'swapped' in kept && 'keep' in kept
  // JSON has no undefined values.
  return (isWhole ? { policyMargin: null, ...kept } : kept) as Partial<Marks>
})

export interface StoredPair extends RoundKey, Marks {
  readonly id: number
  readonly task: string
  readonly seed: number
  /** The step of the episode at which chosen and rejected differ. */
  readonly step: number
  readonly prompt: string
}

/** A pair as a collection makes it. */
export type NewPair = Omit<
  StoredPair,
  'id' | keyof RoundKey | 'policyMargin' | 'keep' | 'swapped' | 'edited' | 'reviewed' | 'note'
>

/** A pair as a row of a long table. */
export type PairBrief = Omit<StoredPair, 'prompt' | 'columns'>

const correctionSchema = z.enum(['keep', 'drop', 'swap', 'edit', 'note', 'import'])
/** The kinds of corrections by a person. */
export type Correction = z.output<typeof correctionSchema>

const editKindSchema = z.enum([...correctionSchema.options, 'undo', 'redo'])
export type EditKind = z.output<typeof editKindSchema>

const changesSchema = z.array(z.strictObject({ pair: z.int(), before: changedSchema, after: changedSchema }))
/** The effect of a correction on one pair: what it changes, as it was and as it is. */
export interface Change {
  readonly pair: number
  readonly before: Partial<Marks>
  readonly after: Partial<Marks>
}

/** A correction of one or several pairs. */
export interface Edit {
  readonly id: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly kind: EditKind
  /** The correction that was undone or redone; null for other kinds. */
  readonly reverts: number | null
  /** The window that made it; null for the command line, and in older versions. */
  readonly author: string | null
  readonly changes: readonly Change[]
}

/** A correction to be made. */
export type NewEdit = Omit<Edit, 'id' | 'time' | 'author'> & Partial<Pick<Edit, 'author'>>

/** What the store remembers of a preference file: the round whose pairs it contained, as they were then. */
export interface KnownFile extends RoundKey {
  /** SHA-256 of its text. */
  readonly digest: string
  /**
   * The id of the latest correction that the file contains; 0 where there was none, null for a file of an older
   * version.
   */
  readonly edit: number | null
  /** Whether its run is marked as deleted. */
  readonly isHidden: boolean
}

export const PAIR_STATES = ['kept', 'dropped', 'swapped', 'edited', 'reviewed', 'unreviewed', 'noted'] as const
export type PairState = (typeof PAIR_STATES)[number]

export interface PairFilter extends RoundKey {
  readonly task?: string | undefined
  readonly state?: PairState | undefined
  /** Who judges apart: states are then those of this annotator's judgements, and notes of the review are not searched. */
  readonly annotator?: string | undefined
  /** Text within prompt, answers and note, in any case. */
  readonly search?: string | undefined
}

/** The possible orders of pairs, as SQL. The text of an ORDER BY comes only from here. */
const ORDERS = {
  id: 'id',
  task: 'task',
  seed: 'seed',
  step: 'step',
  chosen: 'length(chosen)',
  rejected: 'length(rejected)',
  margin: 'margin',
  policyMargin: 'policy_margin',
} as const
export interface PairOrder {
  readonly by: keyof typeof ORDERS
  readonly descending: boolean
}

/** Numbers of pairs, by the result of their review. */
export interface ReviewCount {
  readonly pairs: number
  readonly reviewed: number
  readonly dropped: number
  readonly swapped: number
  readonly edited: number
}

/** How many pairs of a slice are read at a time. */
const SLICE = 50

export class Pairs {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Makes these the pairs of a round. Where the round was made of just these pairs, it keeps them, with all their
   * corrections and what was imported. Otherwise all that it has is deleted; a training of another run that uses it
   * keeps its set.
   */
  replace(round: RoundKey, pairs: readonly NewPair[]): void {
    this.#database.transaction(() => {
      if (sourceOf(this.keptAt(round, 0)) === sourceOf(pairs) && this.count(round).pairs > 0) return
      this.#keepTrainingSets(round)
      for (const table of ['pairs', 'pair_edits', 'preference_files', 'training_sets']) {
        this.#database.run(`DELETE FROM ${table} WHERE run = ? AND round = ?`, round.run, round.round)
      }
      for (const pair of pairs) this.add(round, pair)
    })
  }

  /** Copies the training sets that were made from a collection into the rounds of other runs that train on them. */
  #keepTrainingSets({ run, round }: RoundKey): void {
    const sets = this.#database.all(
      'SELECT run, round FROM training_sets WHERE collection_run = ? AND collection_round = ? AND run <> ?',
      run,
      round,
      run,
    )
    for (const set of sets) {
      const training = { run: Number(set.run), round: Number(set.round) }
      this.setOwnTrainingSet(training, this.trainingSet(training) ?? [])
    }
  }

  /** Adds a pair to a round and returns its id. */
  add({ run, round }: RoundKey, pair: NewPair): number {
    const { lastInsertRowid } = this.#database.run(
      `INSERT INTO pairs
         (run, round, task, seed, step, chosen_attempt, rejected_attempt, margin, prompt, chosen, rejected, columns)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      run,
      round,
      pair.task,
      pair.seed,
      pair.step,
      pair.chosenAttempt,
      pair.rejectedAttempt,
      pair.margin,
      pair.prompt,
      pair.chosen,
      pair.rejected,
      pair.columns ?? null,
    )
    return Number(lastInsertRowid)
  }

  /** The pair with this id; undefined where there is none. */
  get(id: number): StoredPair | undefined {
    const row = this.#database.get('SELECT * FROM pairs WHERE id = ?', id)
    return row === undefined ? undefined : readPair(row)
  }

  /** The pairs of a round in the order in which they were made, with those that were dropped by hand. */
  of({ run, round }: RoundKey): StoredPair[] {
    return this.#database.all('SELECT * FROM pairs WHERE run = ? AND round = ? ORDER BY id', run, round).map(readPair)
  }

  /** The pairs of a round that training uses: those that nobody dropped. */
  kept({ run, round }: RoundKey): StoredPair[] {
    return this.#database
      .all('SELECT * FROM pairs WHERE run = ? AND round = ? AND keep = 1 ORDER BY id', run, round)
      .map(readPair)
  }

  /** Stores the margins of pairs, by pair id, under the reference or under the policy that was trained on them. */
  setMargins(which: 'margin' | 'policyMargin', margins: ReadonlyMap<number, number>): void {
    const column = which === 'margin' ? 'margin' : 'policy_margin'
    this.#database.transaction(() => {
      for (const [id, margin] of margins) {
        this.#database.run(`UPDATE pairs SET ${column} = ? WHERE id = ?`, margin, id)
      }
    })
  }

  // Lists

  /** A page of the pairs of a round that pass the filter. */
  list(filter: PairFilter, order: PairOrder, { offset, limit }: Slice): Page<PairBrief> {
    const { conditions, values } = where(filter)
    // A search reads every text, in the order in which they are stored, and counts what it finds as it goes.
    const searches = filter.search !== undefined && filter.search !== ''
    const from = searches ? 'pairs INDEXED BY pairs_of_round' : 'pairs'
    const total = () =>
      Number(this.#database.get(`SELECT count(*) AS n FROM ${from} WHERE ${conditions}`, ...values)?.n)
    // The ids of the page come first, so that skipped rows are not read.
    const found = this.#database.all(
      `SELECT id${searches ? ', count(*) OVER () AS total' : ''} FROM ${from} WHERE ${conditions}
       ORDER BY ${inOrder(order)} LIMIT ? OFFSET ?`,
      ...values,
      limit,
      offset,
    )
    const [first] = found
    if (first === undefined) return { rows: [], total: offset === 0 ? 0 : total() }
    const rows = this.#database.all(
      `SELECT * FROM pairs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY ${inOrder(order)}`,
      JSON.stringify(found.map(({ id }) => id)),
    )
    return { rows: rows.map(readBrief), total: searches ? Number(first.total) : total() }
  }

  /** The ids of all pairs of a round that pass the filter. */
  ids(filter: PairFilter): number[] {
    const { conditions, values } = where(filter)
    return this.#database
      .all(`SELECT id FROM pairs WHERE ${conditions} ORDER BY id`, ...values)
      .map(({ id }) => Number(id))
  }

  /** The place of a pair in the `list` of this filter and order, from 0; null where it does not pass the filter. */
  place(filter: PairFilter, order: PairOrder, id: number): number | null {
    const { conditions, values } = where(filter)
    const row = this.#database.get(
      `SELECT place FROM (
         SELECT id, row_number() OVER (ORDER BY ${inOrder(order)}) - 1 AS place FROM pairs WHERE ${conditions}
       ) WHERE id = ?`,
      ...values,
      id,
    )
    return row === undefined ? null : Number(row.place)
  }

  /** The rounds that have pairs, those of the latest run first, with the progress of their review. */
  rounds(): (RoundKey & ReviewCount)[] {
    return this.#database
      .all(
        `SELECT run, round, ${COUNTS} FROM pairs WHERE run NOT IN (SELECT id FROM runs WHERE deleted IS NOT NULL)
         GROUP BY run, round ORDER BY run DESC, round DESC`,
      )
      .map((row) => ({ run: Number(row.run), round: Number(row.round), ...readCounts(row) }))
  }

  /** The last round of a run that has pairs; 0 where none has. */
  lastRound(run: number): number {
    return Number(this.#database.get('SELECT max(round) AS round FROM pairs WHERE run = ?', run)?.round ?? 0)
  }

  /** The progress of a round's review. */
  count({ run, round }: RoundKey): ReviewCount {
    return readCounts(this.#database.get(`SELECT ${COUNTS} FROM pairs WHERE run = ? AND round = ?`, run, round) ?? {})
  }

  /** The number of pairs of each task in a round. */
  tasks({ run, round }: RoundKey): { readonly task: string; readonly count: number }[] {
    return this.#database
      .all('SELECT task, count(*) AS n FROM pairs WHERE run = ? AND round = ? GROUP BY task ORDER BY task', run, round)
      .map((row) => ({ task: String(row.task), count: Number(row.n) }))
  }

  // Corrections

  /**
   * Makes a correction to pairs of a round, and stores it with the earlier state. Pairs of other rounds stay. Returns its
   * id.
   */
  correct({ run, round }: RoundKey, { kind, reverts, author = null, changes: given }: NewEdit): number {
    // A correction of 100,000 pairs is read whole, again and again: without what stays it is a tenth as long.
    const changes = given.map(shortened)
    return this.#database.transaction(() => {
      const { lastInsertRowid } = this.#database.run(
        'INSERT INTO pair_edits (run, round, time, kind, reverts, author, changes) VALUES (?, ?, ?, ?, ?, ?, ?)',
        run,
        round,
        Date.now(),
        kind,
        reverts,
        author,
        JSON.stringify(changes),
      )
      for (const { pair, after } of changes) this.#setMarks({ run, round }, pair, after)
      return Number(lastInsertRowid)
    })
  }

  #setMarks({ run, round }: RoundKey, id: number, marks: Partial<Marks>): void {
    const set = Object.entries(COLUMNS).flatMap(([name, column]): [string, SQLInputValue][] => {
      const value = marks[name as keyof Marks]
      return value === undefined ? [] : [[column, typeof value === 'boolean' ? Number(value) : value]]
    })
    if (set.length === 0) return
    this.#database.run(
      `UPDATE pairs SET ${set.map(([column]) => `${column} = ?`).join(', ')} WHERE id = ? AND run = ? AND round = ?`,
      ...set.map(([, value]) => value),
      id,
      run,
      round,
    )
  }

  /** The latest corrections of a round, the latest first. */
  edits({ run, round }: RoundKey, limit: number): Edit[] {
    return this.#database
      .all('SELECT * FROM pair_edits WHERE run = ? AND round = ? ORDER BY id DESC LIMIT ?', run, round, limit)
      .map(readEdit)
  }

  /** A round's corrections without what they change, the first correction first. */
  editKinds({ run, round }: RoundKey): Omit<Edit, 'time' | 'changes'>[] {
    return this.#database
      .all('SELECT id, kind, reverts, author FROM pair_edits WHERE run = ? AND round = ? ORDER BY id', run, round)
      .map(readEditKind)
  }

  /** The correction with this id. Throws an Error where there is none. */
  edit(id: number): Edit {
    const row = this.#database.get('SELECT * FROM pair_edits WHERE id = ?', id)
    if (row === undefined) throw new Error(`There is no correction ${id}.`)
    return readEdit(row)
  }

  // What a run trains on

  /** Sets the pairs that a round of a run trains on: a collection with its corrections up to `edit`, or so far. */
  setTrainingSet(training: RoundKey, collection: RoundKey, edit = this.lastEdit(collection)): void {
    this.#database.run(
      'INSERT OR REPLACE INTO training_sets (run, round, collection_run, collection_round, edit) VALUES (?, ?, ?, ?, ?)',
      training.run,
      training.round,
      collection.run,
      collection.round,
      edit,
    )
  }

  /**
   * Sets the pairs that a round of a run trains on to these pairs, which become pairs of that round. Other pairs of the
   * round stay as they are: the new ones are then stored as a correction that is undone at once.
   */
  setOwnTrainingSet(training: RoundKey, pairs: readonly NewPair[]): void {
    this.#database.transaction(() => {
      const present = this.of(training)
      const ids = new Set(pairs.map((pair) => this.add(training, pair)))
      if (present.length === 0) {
        this.setTrainingSet(training, training)
        return
      }
      const added = this.of(training).filter(({ id }) => ids.has(id))
      const changes = [...present.filter(({ keep }) => keep), ...added].map((pair): Change => {
        const marks = marksOf(pair)
        const isNew = ids.has(pair.id)
        return { pair: pair.id, before: { ...marks, keep: !isNew }, after: { ...marks, keep: isNew } }
      })
      this.correct(training, { kind: 'import', reverts: null, changes })
      const edit = this.lastEdit(training)
      this.setTrainingSet(training, training, edit)
      const back = changes.map(({ pair, before, after }) => ({ pair, before: after, after: before }))
      this.correct(training, { kind: 'undo', reverts: edit, changes: back })
    })
  }

  /**
   * The collection that a round of a run trains on, and its latest correction at that time. Undefined where none was
   * set.
   */
  trainsOn({ run, round }: RoundKey): (RoundKey & { readonly edit: number }) | undefined {
    const row = this.#database.get('SELECT * FROM training_sets WHERE run = ? AND round = ?', run, round)
    return row && { run: Number(row.collection_run), round: Number(row.collection_round), edit: Number(row.edit) }
  }

  /** The pairs that a round of a run trains on, as they were when they were set. Undefined where none was set. */
  trainingSet(training: RoundKey): StoredPair[] | undefined {
    const collection = this.trainsOn(training)
    return collection && this.keptAt(collection, collection.edit)
  }

  /** What corrections changed of the pairs of a round, as it was before the first one, by pair id. */
  collected(round: RoundKey): Map<number, Partial<Marks>> {
    return this.#statesAt(round, 0)
  }

  /** What later corrections changed, as it was when `edit` was the latest, by pair id. */
  #statesAt({ run, round }: RoundKey, edit: number): Map<number, Partial<Marks>> {
    const later = this.#database
      .all('SELECT * FROM pair_edits WHERE run = ? AND round = ? AND id > ? ORDER BY id DESC', run, round, edit)
      .map(readEdit)
    const states = new Map<number, Partial<Marks>>()
    for (const { changes } of later) {
      // The first correction comes last, and so its state stays.
      for (const { pair, before } of changes) states.set(pair, { ...states.get(pair), ...before })
    }
    return states
  }

  /** The id of the latest correction of a round; 0 where there is none. */
  lastEdit({ run, round }: RoundKey): number {
    const row = this.#database.get('SELECT max(id) AS id FROM pair_edits WHERE run = ? AND round = ?', run, round)
    return Number(row?.id ?? 0)
  }

  /**
   * The pairs of a round that training used when `edit` was the latest correction. Later corrections are undone in the
   * result.
   */
  keptAt(round: RoundKey, edit: number): StoredPair[] {
    return asAt(this.of(round), this.#statesAt(round, edit))
  }

  /** The same, a few at a time. Throws UserError where the pairs are collected again in between. */
  *keptSlices(round: RoundKey, edit: number): Generator<StoredPair[]> {
    const { run, round: number } = round
    const { last, count } = this.#database.get(
      'SELECT max(id) AS last, count(*) AS count FROM pairs WHERE run = ? AND round = ?',
      run,
      number,
    )!
    let seen = 0
    let known = -1
    let states = new Map<number, Partial<Marks>>()
    for (let after = 0; after < Number(last); ) {
      const rows = this.#database.all(
        'SELECT * FROM pairs WHERE run = ? AND round = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?',
        run,
        number,
        after,
        last!,
        SLICE,
      )
      if (rows.length === 0) break
      const pairs = rows.map(readPair)
      after = pairs.at(-1)?.id ?? Number(last)
      seen += pairs.length
      // Somebody may have made a correction since the slice before.
      const latest = this.lastEdit(round)
      if (latest !== known) states = this.#statesAt(round, edit)
      known = latest
      yield asAt(pairs, states)
    }
    if (seen !== Number(count)) throw new UserError('pairsChanged', { run, round: number })
  }

  // Preference files

  /** Remembers that the preference file with this path and digest contains the present pairs of a round. */
  setKnownFile(path: string, digest: string, round: RoundKey): void {
    this.#database.run(
      'INSERT OR REPLACE INTO preference_files (path, run, round, digest, edit) VALUES (?, ?, ?, ?, ?)',
      this.#fromHere(path),
      round.run,
      round.round,
      digest,
      this.lastEdit(round),
    )
  }

  /**
   * What the store knows of a preference file: by its digest at any path, otherwise by its path. Undefined where
   * nothing is known. Its run may be hidden.
   */
  knownFile(path: string, digest: string): KnownFile | undefined {
    const row = this.#database.get(
      `SELECT run, round, digest, edit, deleted FROM preference_files JOIN runs ON runs.id = run
       WHERE digest = ? OR path IN (?, ?)
       ORDER BY digest = ? DESC, deleted IS NULL DESC, path = ? DESC, run DESC, round DESC`,
      digest,
      this.#fromHere(path),
      path,
      digest,
      this.#fromHere(path),
    )
    return (
      row && {
        run: Number(row.run),
        round: Number(row.round),
        digest: String(row.digest),
        edit: row.edit === null ? null : Number(row.edit),
        isHidden: row.deleted !== null,
      }
    )
  }

  /** A path relative to the store, so that it stays valid where both are moved. Older stores have absolute paths. */
  #fromHere(path: string): string {
    return relative(dirname(this.#database.path), realPath(path))
  }
}

/** Those of these pairs that training used in their earlier states, as they were. */
function asAt(now: readonly StoredPair[], states: ReadonlyMap<number, Partial<Marks>>): StoredPair[] {
  return now.map((pair) => ({ ...pair, ...states.get(pair.id) })).filter(({ keep }) => keep)
}

/** The columns of the marks. */
const COLUMNS: Readonly<Record<keyof Marks, string>> = {
  chosen: 'chosen',
  rejected: 'rejected',
  chosenAttempt: 'chosen_attempt',
  rejectedAttempt: 'rejected_attempt',
  margin: 'margin',
  policyMargin: 'policy_margin',
  keep: 'keep',
  swapped: 'swapped',
  edited: 'edited',
  reviewed: 'reviewed',
  note: 'note',
  columns: 'columns',
}

/**
 * The change without what stays. Margins go with the texts that they are of: they can be computed at any time, and those of other texts
 * must not stay when the texts come back.
 */
function shortened({ pair, before, after }: Change): Change {
  const isOther = (name: keyof Marks) => before[name] !== after[name]
  const isOfTexts = isOther('chosen') || isOther('rejected')
  const names = (Object.keys(COLUMNS) as (keyof Marks)[]).filter(
    (name) => isOther(name) || (isOfTexts && (name === 'margin' || name === 'policyMargin')),
  )
  const pick = (from: Partial<Marks>): Partial<Marks> =>
    Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])))
  return { pair, before: pick(before), after: pick(after) }
}

/** The parts of a pair that can change, as they are. */
export function marksOf(pair: StoredPair): Marks {
  const { id: _, run: _run, round: _round, task: _task, seed: _seed, step: _step, prompt: _prompt, ...marks } = pair
  return { ...marks, columns: marks.columns ?? null }
}

/** What a collection makes of pairs, apart from margins: these can be computed again. */
function sourceOf(pairs: readonly NewPair[]): string {
  return JSON.stringify(
    pairs.map((pair) => [
      ...[pair.task, pair.seed, pair.step, pair.chosenAttempt, pair.rejectedAttempt],
      ...[pair.prompt, pair.chosen, pair.rejected],
    ]),
  )
}

function inOrder({ by, descending }: PairOrder): string {
  const direction = descending ? 'DESC' : 'ASC'
  return `${ORDERS[by]} ${direction}, id ${direction}`
}

const STATES: Readonly<Record<PairState, string>> = {
  kept: 'keep = 1',
  dropped: 'keep = 0',
  swapped: 'swapped = 1',
  edited: 'edited = 1',
  reviewed: 'reviewed = 1',
  unreviewed: 'reviewed = 0',
  noted: "note <> ''",
}

/** The verdicts that a state of a pair stands for where an annotator judges; the others are states of the review alone. */
const VERDICTS_OF: Partial<Readonly<Record<PairState, readonly Verdict[]>>> = {
  kept: ['keep'],
  dropped: ['drop'],
  swapped: ['swap'],
  reviewed: VERDICTS,
  unreviewed: VERDICTS,
}

/** The condition that a pair has a state for an annotator. */
function judged(annotator: string, state: PairState): [string, ...SQLInputValue[]] {
  const verdicts = VERDICTS_OF[state] ?? []
  const marks = verdicts.map(() => '?').join(', ')
  const those = `SELECT pair FROM pair_judgements WHERE annotator = ? AND verdict IN (${marks})`
  return [`id ${state === 'unreviewed' ? 'NOT IN' : 'IN'} (${those})`, annotator, ...verdicts]
}

function where({ run, round, task, state, annotator, search }: PairFilter): Where {
  const parts: [string, ...SQLInputValue[]][] = [['run = ? AND round = ?', run, round]]
  if (task !== undefined) parts.push(['task = ?', task])
  if (state !== undefined) parts.push(annotator === undefined ? [STATES[state]] : judged(annotator, state))
  if (search !== undefined && search !== '') {
    const pattern = containing(search)
    const texts = ['prompt', 'chosen', 'rejected', ...(annotator === undefined ? ['note'] : [])]
    const like = texts.map((name) => `${name} LIKE ? ESCAPE '\\'`).join(' OR ')
    parts.push([`(${like})`, ...texts.map(() => pattern)])
  }
  return allOf(parts)
}

const COUNTS = `count(*) AS pairs, coalesce(sum(reviewed), 0) AS reviewed, coalesce(sum(keep = 0), 0) AS dropped,
  coalesce(sum(swapped), 0) AS swapped, coalesce(sum(edited), 0) AS edited`

function readCounts(row: Row): ReviewCount {
  return {
    pairs: Number(row.pairs),
    reviewed: Number(row.reviewed),
    dropped: Number(row.dropped),
    swapped: Number(row.swapped),
    edited: Number(row.edited),
  }
}

function readPair(row: Row): StoredPair {
  const columns = typeof row.columns === 'string' ? row.columns : null
  return { ...readBrief(row), prompt: String(row.prompt), columns }
}

function readBrief(row: Row): PairBrief {
  const orNull = (value: Row[string] | undefined) => (typeof value === 'number' ? value : null)
  return {
    id: Number(row.id),
    run: Number(row.run),
    round: Number(row.round),
    task: String(row.task),
    seed: Number(row.seed),
    step: Number(row.step),
    chosenAttempt: orNull(row.chosen_attempt),
    rejectedAttempt: orNull(row.rejected_attempt),
    margin: orNull(row.margin),
    policyMargin: orNull(row.policy_margin),
    chosen: String(row.chosen),
    rejected: String(row.rejected),
    keep: row.keep === 1,
    swapped: row.swapped === 1,
    edited: row.edited === 1,
    reviewed: row.reviewed === 1,
    note: String(row.note),
  }
}

function readEditKind(row: Row): Omit<Edit, 'time' | 'changes'> {
  return {
    id: Number(row.id),
    kind: readValue(editKindSchema, 'pair_edits.kind', row.kind),
    reverts: row.reverts === null ? null : Number(row.reverts),
    author: row.author === null ? null : String(row.author),
  }
}

function readEdit(row: Row): Edit {
  return {
    ...readEditKind(row),
    time: Number(row.time),
    changes: readJson(changesSchema, 'pair_edits.changes', row.changes),
  }
}
