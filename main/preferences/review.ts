/**
 * Pairs as somebody corrects them by hand. Every correction is kept with what stood before, so that all can be undone;
 * undoing is a correction like others, and nothing is ever taken out of the list.
 */
import { z } from 'zod'
import { UserError } from '../messages/error.ts'
import type { Row } from '../store/database.ts'
import { readPair, type Store, type StoredPair } from '../store/store.ts'
import type { BroughtPair } from './dataset.ts'
import { matchPairs } from './match.ts'

export type ReviewAction =
  /** It is good as it is. */
  | { readonly kind: 'keep' }
  /** Training must not see it. */
  | { readonly kind: 'drop' }
  /** The wrong way round: chosen is rejected, rejected is chosen. */
  | { readonly kind: 'swap' }
  /** Other words for one answer or for both. */
  | { readonly kind: 'edit'; readonly chosen?: string | undefined; readonly rejected?: string | undefined }
  | { readonly kind: 'note'; readonly note: string }

/** What can be taken back. */
export type Correction = ReviewAction['kind'] | 'import'

/** A correction of one pair or of several at once. */
export interface Edit {
  readonly id: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly kind: Correction | 'undo' | 'redo'
  /** What was undone or redone; null for other kinds. */
  readonly reverts: number | null
  readonly changes: readonly Change[]
}

export interface Change {
  readonly pair: number
  readonly before: Marks
  readonly after: Marks
}

/** What can be changed of a pair. */
const marksSchema = z.strictObject({
  chosen: z.string(),
  rejected: z.string(),
  chosenAttempt: z.int().nullable(),
  rejectedAttempt: z.int().nullable(),
  margin: z.number().nullable(),
  policyMargin: z.number().nullable().default(null),
  keep: z.boolean(),
  swapped: z.boolean(),
  edited: z.boolean(),
  reviewed: z.boolean(),
  note: z.string(),
})
export type Marks = Readonly<z.output<typeof marksSchema>>
const changesSchema = z.array(z.strictObject({ pair: z.int(), before: marksSchema, after: marksSchema }))
const kindSchema = z.enum(['keep', 'drop', 'swap', 'edit', 'note', 'import', 'undo', 'redo'])

export interface ReviewState {
  /** The pairs that were changed, as they are now. */
  readonly pairs: readonly StoredPair[]
  /** What can be undone and redone next; null where there is nothing. */
  readonly undo: Correction | null
  readonly redo: Correction | null
}

/** What a set that was brought in came to. */
export interface BroughtIn extends ReviewState {
  readonly added: number
  /** Pairs of the round that got other words, changed places, or are kept again. */
  readonly changed: number
  /** Pairs of the round that the set does not have. */
  readonly dropped: number
  /** Pairs of the set that are here as they stand in it. */
  readonly same: number
}

type Stacks = Record<'undo' | 'redo', { readonly id: number; readonly kind: Correction }[]>

export class PairReview {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * Does the same to all of these pairs, as one correction. Throws UserError for a pair that is not there, for pairs of
   * different rounds, and for an edit that leaves chosen and rejected the same or empty.
   */
  apply(ids: readonly number[], action: ReviewAction): ReviewState {
    return this.#store.database.transaction(() => {
      const pairs = ids.map((id) => this.#pair(id))
      const [first] = pairs
      if (first === undefined) throw new UserError('No pair was chosen; choose one or more.')
      if (pairs.some(({ run, round }) => run !== first.run || round !== first.round)) {
        throw new UserError('These pairs are of different rounds; correct those of one round at a time.')
      }
      const changes = pairs.map((pair) => ({ pair: pair.id, before: marksOf(pair), after: corrected(pair, action) }))
      return this.#keep(first, action.kind, null, changes)
    })
  }

  /**
   * Brings in a set that was corrected elsewhere, as one correction. A pair of it that the round has (`matchPairs` says
   * which is which) gets its words, and one that the round does not have is added. What was dropped by hand stays
   * dropped; with `replace` the round is what the set is: all of its pairs are kept and all others dropped. Where that
   * changes nothing, nothing is written down. Throws UserError for an empty set.
   */
  bringIn(run: number, round: number, set: readonly BroughtPair[], replace: boolean): BroughtIn {
    if (set.length === 0) throw new UserError('The file holds no pairs; export some first, or choose another file.')
    return this.#store.database.transaction(() => {
      const { known, fresh, missing } = matchPairs(this.#store.pairs(run, round), set)
      const all = known.map(({ pair, brought }) => ({
        pair: pair.id,
        before: marksOf(pair),
        after: asBrought(pair, brought, replace),
      }))
      const changed = all.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
      const added = fresh.map((brought) => {
        const pair = this.#pair(this.#store.addPair(run, round, { ...brought, ...placeOf(brought), ...ELSEWHERE }))
        const marks = marksOf(pair)
        return { pair: pair.id, before: { ...marks, keep: false }, after: { ...marks, reviewed: true } }
      })
      const dropped = (replace ? missing.filter(({ keep }) => keep) : []).map((pair) => ({
        pair: pair.id,
        before: marksOf(pair),
        after: corrected(pair, { kind: 'drop' }),
      }))
      const changes = [...changed, ...added, ...dropped]
      return {
        ...(changes.length === 0 ? this.state(run, round) : this.#keep({ run, round }, 'import', null, changes)),
        added: added.length,
        changed: changed.length,
        dropped: dropped.length,
        same: all.length - changed.length,
      }
    })
  }

  /** Takes the latest correction of a round back. Nothing where there is none. */
  undo(run: number, round: number): ReviewState {
    return this.#revert(run, round, 'undo')
  }

  /** Does again what was undone last. Nothing where there is none. */
  redo(run: number, round: number): ReviewState {
    return this.#revert(run, round, 'redo')
  }

  /** What can be undone and redone in a round. */
  state(run: number, round: number): ReviewState {
    const { undo, redo } = this.#stacks(run, round)
    return { pairs: [], undo: undo.at(-1)?.kind ?? null, redo: redo.at(-1)?.kind ?? null }
  }

  /** The latest corrections of a round, the latest first. */
  history(run: number, round: number, limit: number): Edit[] {
    return this.#store.database
      .all('SELECT * FROM pair_edits WHERE run = ? AND round = ? ORDER BY id DESC LIMIT ?', run, round, limit)
      .map(readEdit)
  }

  #revert(run: number, round: number, kind: 'undo' | 'redo'): ReviewState {
    return this.#store.database.transaction(() => {
      const last = this.#stacks(run, round)[kind].at(-1)
      if (last === undefined) return this.state(run, round)
      const edit = readEdit(this.#store.database.get('SELECT * FROM pair_edits WHERE id = ?', last.id) ?? {})
      const changes = edit.changes.map(({ pair, before, after }) =>
        kind === 'undo' ? { pair, before: after, after: before } : { pair, before, after },
      )
      return this.#keep({ run, round }, kind, edit.id, changes)
    })
  }

  /** Which corrections can be undone and redone, the next one last. A new one ends what could be redone. */
  #stacks(run: number, round: number): Stacks {
    const stacks: Stacks = { undo: [], redo: [] }
    for (const row of this.#store.database.all(
      'SELECT id, kind FROM pair_edits WHERE run = ? AND round = ? ORDER BY id',
      run,
      round,
    )) {
      const kind = kindSchema.parse(row.kind)
      if (kind === 'undo') stacks.redo.push(...stacks.undo.splice(-1))
      else if (kind === 'redo') stacks.undo.push(...stacks.redo.splice(-1))
      else {
        stacks.undo.push({ id: Number(row.id), kind })
        stacks.redo = []
      }
    }
    return stacks
  }

  /** Writes a correction down and does it. */
  #keep(
    { run, round }: { run: number; round: number },
    kind: Edit['kind'],
    reverts: number | null,
    changes: readonly Change[],
  ): ReviewState {
    const { database } = this.#store
    database.run(
      'INSERT INTO pair_edits (run, round, time, kind, reverts, changes) VALUES (?, ?, ?, ?, ?, ?)',
      run,
      round,
      Date.now(),
      kind,
      reverts,
      JSON.stringify(changes),
    )
    for (const { pair, after } of changes) {
      database.run(
        `UPDATE pairs SET chosen = ?, rejected = ?, chosen_attempt = ?, rejected_attempt = ?, margin = ?, policy_margin = ?, keep = ?,
           swapped = ?, edited = ?, reviewed = ?, note = ? WHERE id = ?`,
        after.chosen,
        after.rejected,
        after.chosenAttempt,
        after.rejectedAttempt,
        after.margin,
        after.policyMargin,
        Number(after.keep),
        Number(after.swapped),
        Number(after.edited),
        Number(after.reviewed),
        after.note,
        pair,
      )
    }
    return { ...this.state(run, round), pairs: changes.map(({ pair }) => this.#pair(pair)) }
  }

  #pair(id: number): StoredPair {
    const row = this.#store.database.get('SELECT * FROM pairs WHERE id = ?', id)
    if (row === undefined) throw new UserError(`There is no pair ${id} any more; load the list again.`)
    return readPair(row)
  }
}

function marksOf({
  chosen,
  rejected,
  chosenAttempt,
  rejectedAttempt,
  margin,
  policyMargin,
  keep,
  swapped,
  edited,
  reviewed,
  note,
}: StoredPair): Marks {
  return {
    chosen,
    rejected,
    chosenAttempt,
    rejectedAttempt,
    margin,
    policyMargin,
    keep,
    swapped,
    edited,
    reviewed,
    note,
  }
}

/** Of a pair that was not played here. */
const ELSEWHERE = { chosenAttempt: null, rejectedAttempt: null, margin: null }

/** Where a pair that is brought in belongs: what its file leaves open is the same for all. */
function placeOf({ task, seed, step }: BroughtPair): Pick<StoredPair, 'task' | 'seed' | 'step'> {
  return { task: task ?? 'imported', seed: seed ?? 0, step: step ?? 0 }
}

/** What bringing it in makes of a pair that the round has. */
function asBrought(pair: StoredPair, { chosen, rejected }: BroughtPair, replace: boolean): Marks {
  // Dropped and yet not reviewed is what is left of an import that was undone.
  const keep = pair.keep || replace || !pair.reviewed
  const isSame = pair.chosen === chosen && pair.rejected === rejected
  const isSwapped = pair.chosen === rejected && pair.rejected === chosen
  const marks = isSame
    ? { ...marksOf(pair), reviewed: pair.reviewed || keep !== pair.keep }
    : corrected(pair, isSwapped ? { kind: 'swap' } : { kind: 'edit', chosen, rejected })
  return { ...marks, keep }
}

/** What a correction makes of a pair. */
function corrected(pair: StoredPair, action: ReviewAction): Marks {
  const marks = marksOf(pair)
  switch (action.kind) {
    case 'keep':
      return { ...marks, keep: true, reviewed: true }
    case 'drop':
      return { ...marks, keep: false, reviewed: true }
    case 'swap':
      return {
        ...marks,
        chosen: marks.rejected,
        rejected: marks.chosen,
        chosenAttempt: marks.rejectedAttempt,
        rejectedAttempt: marks.chosenAttempt,
        margin: turned(marks.margin),
        policyMargin: turned(marks.policyMargin),
        swapped: !marks.swapped,
        reviewed: true,
      }
    case 'edit': {
      const { chosen = marks.chosen, rejected = marks.rejected } = action
      if (chosen.trim() === '' || rejected.trim() === '') {
        throw new UserError(`Pair ${pair.id}: an answer must not be empty; drop the pair instead.`)
      }
      if (chosen === rejected) {
        throw new UserError(`Pair ${pair.id}: chosen and rejected are the same text; change one, or drop the pair.`)
      }
      return { ...marks, chosen, rejected, margin: null, policyMargin: null, edited: true, reviewed: true }
    }
    case 'note':
      return { ...marks, note: action.note }
  }
}

/** A margin of a pair the other way round. */
function turned(margin: number | null): number | null {
  return margin === null ? null : -margin
}

function readEdit(row: Row): Edit {
  return {
    id: Number(row.id),
    time: Number(row.time),
    kind: kindSchema.parse(row.kind),
    reverts: row.reverts === null ? null : Number(row.reverts),
    changes: changesSchema.parse(JSON.parse(String(row.changes))),
  }
}
