/**
 * Corrections of pairs by hand. Each is stored with the earlier state, so that all can be undone. Undoing is itself a
 * correction, and nothing is ever removed from the list. A window undoes its own corrections, and those of the command line
 * and of older versions, which have no author; never those of another window.
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
  /** How many pairs undo or redo left as they are, since somebody has corrected them again. */
  readonly left: number
  /** The corrections that undo and redo would take next; null where there is none. */
  readonly undo: Correction | null
  readonly redo: Correction | null
}

/** The most pairs that are given back. */
const SHOWN = 100

type Step = { readonly id: number; readonly kind: Correction }

interface Stacks extends Record<'undo' | 'redo', Step[]> {
  /** The corrections of everybody that are not undone. */
  readonly standing: ReadonlySet<number>
}

export interface Revert {
  /** The window that asks. */
  readonly author?: string | null | undefined
  /** The correction that is meant; by default the next one. */
  readonly edit?: number | undefined
}

/**
 * Makes the same correction to all of these pairs, as one correction. Throws UserError for a missing pair, for pairs of
 * different rounds, and for an edit that leaves chosen and rejected the same or empty.
 */
export function correctPairs(
  store: Store,
  ids: readonly number[],
  action: ReviewAction,
  author: string | null = null,
): ReviewState {
  return store.transaction(() => {
    const { round } = correctMany(store, ids, action, author)
    return stateAfter(store, round, ids, author)
  })
}

/** The same for many pairs, which nobody wants to see at once. Returns their round, and the correction's id. */
export function correctMany(
  store: Store,
  ids: readonly number[],
  action: ReviewAction,
  author: string | null = null,
): { readonly round: RoundKey; readonly edit: number } {
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
    return { round, edit: store.pairs.correct(round, { kind: action.kind, reverts: null, author, changes }) }
  })
}

/**
 * Undoes the author's latest correction of a round, or the one that is meant. Pairs that were corrected again since stay as
 * they are. Does nothing where there is none.
 */
export function undoCorrection(store: Store, round: RoundKey, options: Revert = {}): ReviewState {
  return revert(store, round, 'undo', options)
}

/** Redoes the correction that the author undid last, in the same way. */
export function redoCorrection(store: Store, round: RoundKey, options: Revert = {}): ReviewState {
  return revert(store, round, 'redo', options)
}

/** What an author can undo and redo in a round. */
export function reviewState(store: Store, round: RoundKey, author: string | null = null): ReviewState {
  const { undo, redo } = stacks(store, round, author)
  return { corrected: 0, left: 0, pairs: [], undo: undo.at(-1)?.kind ?? null, redo: redo.at(-1)?.kind ?? null }
}

/** The pair with this id. Throws UserError where it does not exist any more. */
export function findPair(store: Store, id: number): StoredPair {
  const pair = store.pairs.get(id)
  if (pair === undefined) throw new UserError('noSuchPair', { pair: id })
  return pair
}

function revert(
  store: Store,
  round: RoundKey,
  kind: 'undo' | 'redo',
  { author = null, edit: meant }: Revert,
): ReviewState {
  return store.transaction(() => {
    const all = stacks(store, round, author)
    const step = meant === undefined ? all[kind].at(-1) : all[kind].find(({ id }) => id === meant)
    if (step === undefined) return reviewState(store, round, author)
    const later = [...all.standing].filter((id) => id > step.id).flatMap((id) => store.pairs.edit(id).changes)
    const taken = new Set(later.map(({ pair }) => pair))
    const { changes } = store.pairs.edit(step.id)
    const free = changes.filter(({ pair }) => !taken.has(pair))
    store.pairs.correct(round, {
      kind,
      reverts: step.id,
      author,
      changes: free.map(({ pair, before, after }) =>
        kind === 'undo' ? { pair, before: after, after: before } : { pair, before, after },
      ),
    })
    const ids = free.map(({ pair }) => pair)
    return { ...stateAfter(store, round, ids, author), left: changes.length - free.length }
  })
}

function stateAfter(store: Store, round: RoundKey, ids: readonly number[], author: string | null): ReviewState {
  const pairs = ids.slice(0, SHOWN).map((id) => findPair(store, id))
  return { ...reviewState(store, round, author), corrected: ids.length, pairs }
}

/** The corrections that an author can undo and redo, the next one last. A new correction ends what could be redone. */
function stacks(store: Store, round: RoundKey, author: string | null): Stacks {
  const standing = new Set<number>()
  const stacks: Record<'undo' | 'redo', Step[]> = { undo: [], redo: [] }
  for (const { id, kind, reverts, author: by } of store.pairs.editKinds(round)) {
    const isOwn = by === null || by === author
    if (kind !== 'undo' && kind !== 'redo') {
      standing.add(id)
      if (!isOwn) continue
      stacks.undo.push({ id, kind })
      stacks.redo = []
    } else if (reverts !== null) {
      if (kind === 'undo') standing.delete(reverts)
      else standing.add(reverts)
      const at = stacks[kind].findIndex((step) => step.id === reverts)
      const moved = at < 0 ? [] : stacks[kind].splice(at, 1)
      if (isOwn) stacks[kind === 'undo' ? 'redo' : 'undo'].push(...moved)
    }
  }
  return { ...stacks, standing }
}
