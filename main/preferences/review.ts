/**
 * Corrections of pairs by hand. Each is stored with the earlier state, so that all can be undone. Undoing is itself a
 * correction, and nothing is ever removed from the list.
 */
import { UserError } from '../messages/error.ts'
import type { RoundKey } from '../store/keys.ts'
import { type Correction, type Edit, type Marks, marksOf, type StoredPair } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
import { corrected, type ReviewAction } from './correct.ts'

export interface ReviewState {
  /** The changed pairs in their new state. */
  readonly pairs: readonly StoredPair[]
  /** The corrections that undo and redo would take next; null where there is none. */
  readonly undo: Correction | null
  readonly redo: Correction | null
}

type Stacks = Record<'undo' | 'redo', { readonly id: number; readonly kind: Correction }[]>

/**
 * Makes the same correction to all of these pairs, as one correction. Throws UserError for a missing pair, for pairs of
 * different rounds, and for an edit that leaves chosen and rejected the same or empty.
 */
export function correctPairs(store: Store, ids: readonly number[], action: ReviewAction): ReviewState {
  return store.transaction(() => {
    const pairs = ids.map((id) => findPair(store, id))
    const [first] = pairs
    if (first === undefined) throw new UserError('noPairChosen')
    if (pairs.some(({ run, round }) => run !== first.run || round !== first.round)) {
      throw new UserError('pairsOfDifferentRounds')
    }
    const collected = action.kind === 'edit' ? store.pairs.collected(first) : new Map<number, Marks>()
    const changes = pairs.map((pair) => {
      const before = marksOf(pair)
      return { pair: pair.id, before, after: corrected(pair, action, collected.get(pair.id) ?? before) }
    })
    return keep(store, first, { kind: action.kind, reverts: null, changes })
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
  return { pairs: [], undo: undo.at(-1)?.kind ?? null, redo: redo.at(-1)?.kind ?? null }
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
    return keep(store, round, { kind, reverts: edit.id, changes })
  })
}

/** Makes a correction and stores it. */
function keep(store: Store, round: RoundKey, edit: Omit<Edit, 'id' | 'time'>): ReviewState {
  store.pairs.correct(round, edit)
  return { ...reviewState(store, round), pairs: edit.changes.map(({ pair }) => findPair(store, pair)) }
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
