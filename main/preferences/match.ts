/** Matches the pairs of an edited file with those of the round that it was exported from. */
import type { StoredPair } from '../store/pairs.ts'
import type { FilePair } from './dataset.ts'

export interface Matched {
  /** Pairs of the round with their lines in the file, in the order of the file. */
  readonly known: readonly { readonly pair: StoredPair; readonly line: FilePair }[]
  /** Pairs of the file that the round lacks, each once. */
  readonly fresh: readonly FilePair[]
  /** Pairs of the round that the file lacks. */
  readonly missing: readonly StoredPair[]
}

/**
 * Finds the pair of the round for each pair of the file. Both have the same prompt and, where the file names them, the
 * same task, seed and step. Pairs with the same texts match first, then pairs with one equal answer, then the remaining
 * ones: a person who changed a text meant that pair and not a new one.
 */
export function matchPairs(pairs: readonly StoredPair[], file: readonly FilePair[]): Matched {
  const left = Map.groupBy(pairs, ({ prompt }) => prompt)
  const known: { pair: StoredPair; line: FilePair }[] = []
  let open = [...new Map(file.map((line) => [wordsOf(line), line])).values()]
  for (const alike of [sameWords, sameAnswer, samePlace]) {
    open = open.filter((line) => {
      const there = left.get(line.prompt)?.filter((pair) => samePlace(pair, line) && alike(pair, line)) ?? []
      const pair = there.find(({ keep }) => keep) ?? there[0]
      if (pair === undefined) return true
      known.push({ pair, line })
      left.set(line.prompt, left.get(line.prompt)?.filter((one) => one !== pair) ?? [])
      return false
    })
  }
  known.sort((a, b) => a.line.line - b.line.line)
  return { known, fresh: open, missing: [...left.values()].flat() }
}

type Alike = (pair: StoredPair, line: FilePair) => boolean

const samePlace: Alike = (pair, { task, seed, step }) =>
  (task ?? pair.task) === pair.task && (seed ?? pair.seed) === pair.seed && (step ?? pair.step) === pair.step

const sameWords: Alike = (pair, { chosen, rejected }) => pair.chosen === chosen && pair.rejected === rejected

/** One answer is the same, on either side. */
const sameAnswer: Alike = (pair, { chosen, rejected }) =>
  [chosen, rejected].some((text) => text === pair.chosen || text === pair.rejected)

function wordsOf({ prompt, chosen, rejected, task, seed, step }: FilePair): string {
  return JSON.stringify([prompt, chosen, rejected, task, seed, step])
}
