/**
 * Corrections of pairs by hand. Each is stored with the earlier state, so that all can be undone. Undoing is itself a
 * correction, and nothing is ever removed from the list.
 */
import { UserError } from '../messages/error.ts'
import type { RoundKey } from '../store/keys.ts'
import { type Correction, type Marks, marksOf, type StoredPair } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
import { corrected, type ReviewAction } from './correct.ts'

export interface ReviewState {
  /** How many pairs were changed. */
  readonly corrected: number
  /** The first of them in their new state. A hundred thousand would be megabytes that nobody reads. */
  readonly pairs: readonly StoredPair[]
  /** The corrections that undo and redo would take next; null where there is none. */
  readonly undo: Correction | null
  readonly redo: Correction | null
}

/** The most pairs that are given back. */
const SHOWN = 100

type Stacks = Record<'undo' | 'redo', { readonly id: number; readonly kind: Correction }[]>

/**
 * Makes the same correction to all of these pairs, as one correction. Throws UserError for a missing pair, for pairs of
 * different rounds, and for an edit that leaves chosen and rejected the same or empty.
 */
export function correctPairs(store: Store, ids: readonly number[], action: ReviewAction): ReviewState {
  return store.transaction(() => {
    const round = correctMany(store, ids, action)
    return stateAfter(store, round, ids)
  })
}

/** The same for many pairs, which nobody wants to see at once. Returns their round. */
export function correctMany(store: Store, ids: readonly number[], action: ReviewAction): RoundKey {
  return store.transaction(() => {
    const pairs = ids.map((id) => findPair(store, id))
    const [first] = pairs
    if (first === undefined) throw new UserError('noPairChosen')
    if (pairs.some(({ run, round }) => run !== first.run || round !== first.round)) {
      throw new UserError('pairsOfDifferentRounds')
    }
    const collected = action.kind === 'edit' ? store.pairs.collected(first) : new Map<number, Partial<Marks>>()
    const changes = pairs.map((pair) => {
      const before = marksOf(pair)
      return { pair: pair.id, before, after: corrected(pair, action, { ...before, ...collected.get(pair.id) }) }
    })
    const round = { run: first.run, round: first.round }
    store.pairs.correct(round, { kind: action.kind, reverts: null, changes })
    return round
  })
}

/** Undoes the latest correction of a round. Does nothing where there is none. */
export function undoCorrection(store: Store, round: RoundKey): ReviewState {
  return revert(store, round, 'undo')
}

/** Redoes the correction that was undone last. Does nothing where there is none. */
export function redoCorrection(store: Store, round: RoundKey): ReviewState {
  return revert(store, round, 'redo')
}

/** What can be undone and redone in a round. */
export function reviewState(store: Store, round: RoundKey): ReviewState {
  const { undo, redo } = stacks(store, round)
  return { corrected: 0, pairs: [], undo: undo.at(-1)?.kind ?? null, redo: redo.at(-1)?.kind ?? null }
}

/** The pair with this id. Throws UserError where it does not exist any more. */
export function findPair(store: Store, id: number): StoredPair {
  const pair = store.pairs.get(id)
  if (pair === undefined) throw new UserError('noSuchPair', { pair: id })
  return pair
}

function revert(store: Store, round: RoundKey, kind: 'undo' | 'redo'): ReviewState {
  return store.transaction(() => {
    const last = stacks(store, round)[kind].at(-1)
    if (last === undefined) return reviewState(store, round)
    const edit = store.pairs.edit(last.id)
    const changes = edit.changes.map(({ pair, before, after }) =>
      kind === 'undo' ? { pair, before: after, after: before } : { pair, before, after },
    )
    store.pairs.correct(round, { kind, reverts: edit.id, changes })
    return stateAfter(
      store,
      round,
      changes.map(({ pair }) => pair),
    )
  })
}

function stateAfter(store: Store, round: RoundKey, ids: readonly number[]): ReviewState {
  const pairs = ids.slice(0, SHOWN).map((id) => findPair(store, id))
  return { ...reviewState(store, round), corrected: ids.length, pairs }
}

/** The corrections that can be undone and redone, the next one last. A new correction ends what could be redone. */
function stacks(store: Store, round: RoundKey): Stacks {
  const stacks: Stacks = { undo: [], redo: [] }
  for (const { id, kind } of store.pairs.editKinds(round)) {
    if (kind === 'undo') stacks.redo.push(...stacks.undo.splice(-1))
    else if (kind === 'redo') stacks.undo.push(...stacks.redo.splice(-1))
    else {
      stacks.undo.push({ id, kind })
      stacks.redo = []
    }
  }
  return stacks
}
