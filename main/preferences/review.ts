/**
 * Pairs as somebody corrects them by hand. Every correction is kept with what stood before, so that all can be undone;
 * undoing is a correction like others, and nothing is ever taken out of the list.
 */
import { UserError } from '../messages/error.ts'
import type { RoundKey } from '../store/keys.ts'
import { type Change, type Correction, type Edit, type Marks, marksOf, type StoredPair } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
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
    return this.#store.transaction(() => {
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
    return this.#store.transaction(() => {
      const { known, fresh, missing } = matchPairs(this.#store.pairs.of({ run, round }), set)
      const all = known.map(({ pair, brought }) => ({
        pair: pair.id,
        before: marksOf(pair),
        after: asBrought(pair, brought, replace),
      }))
      const changed = all.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
      const added = fresh.map((brought) => {
        const pair = this.#pair(
          this.#store.pairs.add({ run, round }, { ...brought, ...placeOf(brought), ...ELSEWHERE }),
        )
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
    return this.#store.pairs.edits({ run, round }, limit)
  }

  #revert(run: number, round: number, kind: 'undo' | 'redo'): ReviewState {
    return this.#store.transaction(() => {
      const last = this.#stacks(run, round)[kind].at(-1)
      if (last === undefined) return this.state(run, round)
      const edit = this.#store.pairs.edit(last.id)
      const changes = edit.changes.map(({ pair, before, after }) =>
        kind === 'undo' ? { pair, before: after, after: before } : { pair, before, after },
      )
      return this.#keep({ run, round }, kind, edit.id, changes)
    })
  }

  /** Which corrections can be undone and redone, the next one last. A new one ends what could be redone. */
  #stacks(run: number, round: number): Stacks {
    const stacks: Stacks = { undo: [], redo: [] }
    for (const { id, kind } of this.#store.pairs.editKinds({ run, round })) {
      if (kind === 'undo') stacks.redo.push(...stacks.undo.splice(-1))
      else if (kind === 'redo') stacks.undo.push(...stacks.redo.splice(-1))
      else {
        stacks.undo.push({ id, kind })
        stacks.redo = []
      }
    }
    return stacks
  }

  #keep(round: RoundKey, kind: Edit['kind'], reverts: number | null, changes: readonly Change[]): ReviewState {
    this.#store.pairs.correct(round, { kind, reverts, changes })
    return { ...this.state(round.run, round.round), pairs: changes.map(({ pair }) => this.#pair(pair)) }
  }

  #pair(id: number): StoredPair {
    const pair = this.#store.pairs.get(id)
    if (pair === undefined) throw new UserError(`There is no pair ${id} any more; load the list again.`)
    return pair
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
