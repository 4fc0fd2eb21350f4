/** Imports pairs of a file that was written or corrected elsewhere, as one correction of a round. */
import { answerFailure } from '../agent/grammar.ts'
import { cutShort, shortLines } from '../messages/cut.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import type { RoundKey } from '../store/keys.ts'
import { type Change, type Marks, marksOf, type NewPair, type StoredPair } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
import { corrected } from './correct.ts'
import type { FilePair } from './dataset.ts'
import { matchPairs } from './match.ts'
import { findPair } from './review.ts'

/** The result of an import. */
export interface Imported {
  readonly added: number
  /** Number of pairs of the round with new text, swapped sides, other keys of the user's own, or kept again. */
  readonly changed: number
  /** Number of pairs of the round that the file lacks. */
  readonly dropped: number
  /** Number of pairs that are the same in the file and in the round. */
  readonly same: number
  /** A message for each pair that was changed, added or dropped, after one for all answers that seem wrong. */
  readonly told: readonly Message[]
}

/** A change of a pair, and its message. */
interface Told extends Change {
  readonly told: readonly Message[]
}

/**
 * Imports the pairs of a file into a round, as one correction. A pair that the round has (see `matchPairs`) gets the
 * file's text; a new pair is added. Pairs that were dropped by hand stay dropped. With `replace` the round becomes
 * equal to the file: all pairs of the file are kept and all others dropped. Without any change no correction is stored.
 * Keys of the user's own go along, and are written again by an export. `file` is the file's name in messages. Throws UserError with each line that brings an empty answer.
 */
export function importPairs(
  store: Store,
  round: RoundKey,
  lines: readonly FilePair[],
  {
    file,
    replace,
    author = null,
  }: { readonly file: string; readonly replace: boolean; readonly author?: string | null },
): Imported {
  return store.transaction(() => {
    const { known, fresh, missing } = matchPairs(store.pairs.of(round), lines)
    const collected = store.pairs.collected(round)
    refuseEmpty([
      ...known.filter(({ pair, line }) => hasNewText(pair, line)).flatMap(({ line }) => answersOf(line, file)),
      ...freshAnswers(fresh, file),
    ])
    const relabelled = known.filter(({ pair, line }) => line.columns !== undefined && line.columns !== pair.columns)
    const newlyChosen = [
      ...known.filter(({ pair, line }) => pair.chosen !== line.chosen).map(({ line }) => line),
      ...fresh,
    ]
    const changed = known.flatMap(({ pair, line }): Told[] => {
      const before = marksOf(pair)
      const after = asInFile(pair, line, replace, { ...before, ...collected.get(pair.id) })
      if (JSON.stringify(before) === JSON.stringify(after)) return []
      return [{ pair: pair.id, before, after, told: tell(pair, after, `${file}:${line.line}`) }]
    })
    const added = fresh.map((line): Told => {
      const pair = findPair(store, store.pairs.add(round, asNewPair(line)))
      const marks = marksOf(pair)
      return {
        pair: pair.id,
        before: { ...marks, keep: false },
        after: { ...marks, reviewed: true },
        told: [message('pairAdded', { place: `${file}:${line.line}`, pair: nameOf(pair) })],
      }
    })
    const dropped = (replace ? missing.filter(({ keep }) => keep) : []).map(
      (pair): Told => ({
        pair: pair.id,
        before: marksOf(pair),
        after: corrected(pair, { kind: 'drop' }, marksOf(pair)),
        told: [message('pairDropped', { file, pair: nameOf(pair) })],
      }),
    )
    const all = [...changed, ...added, ...dropped]
    if (all.length > 0) {
      const changes = all.map(({ told: _, ...change }) => change)
      store.pairs.correct(round, { kind: 'import', reverts: null, author, changes })
    }
    return {
      added: added.length,
      changed: changed.length,
      dropped: dropped.length,
      same: known.length - changed.length,
      told: [...doubts(newlyChosen, file), ...all.flatMap(({ told }) => told), ...columnsTold(relabelled, file)],
    }
  })
}

/** A message for the pairs with other keys of the user's own; empty where there are none. */
function columnsTold(pairs: readonly { readonly line: FilePair }[], file: string): Message[] {
  if (pairs.length === 0) return []
  const lines = shortLines(pairs.map(({ line }) => line.line))
  return [message('columnsChanged', { file, count: pairs.length, lines })]
}

/** An answer of a line, and its place. */
interface FileAnswer {
  readonly line: number
  readonly place: string
  readonly key: 'chosen' | 'rejected'
  readonly text: string
}

function answersOf(pair: FilePair, file: string): FileAnswer[] {
  const { line } = pair
  return (['chosen', 'rejected'] as const).map((key) => ({ line, place: `${file}:${line}`, key, text: pair[key] }))
}

/** The answers of new pairs that must have a text. A policy may answer nothing; that is an answer to reject. */
export function freshAnswers(pairs: readonly FilePair[], file: string): FileAnswer[] {
  return pairs.flatMap((pair) => answersOf(pair, file)).filter(({ key }) => key === 'chosen')
}

/** Throws UserError with each answer that has no text. A line break or a space is no text. */
export function refuseEmpty(answers: readonly FileAnswer[]): void {
  const wrong = answers
    .filter(({ text }) => text.trim() === '')
    .toSorted((a, b) => a.line - b.line)
    .map(({ place, key }) => message('lineKeyWrong', { place, key, demand: message('mustNotBeEmpty') }))
  if (wrong.length > 0) throw new UserError(cutShort(wrong))
}

/** A message about the lines whose chosen answer the agent could not act on; empty where there is none. */
export function doubts(lines: readonly FilePair[], file: string): Message[] {
  const unclear = lines.flatMap(({ line, chosen, prompt }) => {
    const failure = answerFailure(chosen, prompt)
    return failure === null ? [] : [{ line, failure }]
  })
  const [first] = unclear
  if (first === undefined) return []
  const numbers = shortLines(unclear.map(({ line }) => line))
  const why = message(`failure.${first.failure}`)
  return [message('chosenUnreadable', { file, count: unclear.length, lines: numbers, why })]
}

/** Whether a line has other answers than its pair, not only the same ones or the same the other way round. */
function hasNewText(pair: StoredPair, line: FilePair): boolean {
  return [line.chosen, line.rejected].some((text) => text !== pair.chosen && text !== pair.rejected)
}

/** A pair of a file as a pair that was not played here. Missing values get defaults. */
export function asNewPair({ line: _, ...pair }: FilePair): NewPair {
  const { task, seed, step } = pair
  const place = { task: task ?? 'imported', seed: seed ?? 0, step: step ?? 0 }
  return { ...pair, ...place, chosenAttempt: null, rejectedAttempt: null, margin: null }
}

/** A pair of the round after the file's line for it. */
function asInFile(
  pair: StoredPair,
  { chosen, rejected, columns }: FilePair,
  replace: boolean,
  collected: Marks,
): Marks {
  // A pair that is dropped but not reviewed comes from an import that was undone.
  const keep = pair.keep || replace || !pair.reviewed
  const isSame = pair.chosen === chosen && pair.rejected === rejected
  const isSwapped = pair.chosen === rejected && pair.rejected === chosen
  const marks = isSame
    ? { ...marksOf(pair), reviewed: pair.reviewed || keep !== pair.keep }
    : corrected(pair, isSwapped ? { kind: 'swap' } : { kind: 'edit', chosen, rejected }, collected)
  return { ...marks, keep, columns: columns ?? marks.columns }
}

/** Messages for the changes of a line. */
function tell(before: StoredPair, after: Marks, place: string): Message[] {
  const pair = nameOf(before)
  const told: Message[] = []
  const isSwapped = after.swapped !== before.swapped
  if (isSwapped) told.push(message('pairSwapped', { place, pair }))
  const old = isSwapped ? { chosen: before.rejected, rejected: before.chosen } : before
  const texts = (['chosen', 'rejected'] as const).filter((text) => old[text] !== after[text])
  if (texts.length > 0) told.push(message('pairEdited', { place, pair, texts }))
  if (after.keep && !before.keep) told.push(message('pairKept', { place, pair }))
  return told
}

function nameOf({ id, task, seed, step }: StoredPair): Message {
  return message('pairName', { id, task, seed, step })
}
