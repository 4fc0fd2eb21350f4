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
 * ones: a person who changed a text meant that pair and not a new one. The time is linear in the number of pairs.
 */
export function matchPairs(pairs: readonly StoredPair[], file: readonly FilePair[]): Matched {
  const prompts = new Numbers()
  const left = new Set([...pairs].sort((a, b) => Number(b.keep) - Number(a.keep)))
  const known: { pair: StoredPair; line: FilePair }[] = []
  let open = [...new Map(file.map((line) => [wordsOf(line, prompts), line])).values()]
  for (const words of LIKENESSES) {
    const find = finder(left, words, prompts)
    open = open.filter((line) => {
      const pair = find(line)
      if (pair === undefined) return true
      known.push({ pair, line })
      left.delete(pair)
      return false
    })
  }
  known.sort((a, b) => a.line.line - b.line.line)
  return { known, fresh: open, missing: pairs.filter((pair) => left.has(pair)) }
}

type Answers = Pick<FilePair, 'chosen' | 'rejected'>

/** What two pairs must share, the closest likeness first: words of one that are among the words of the other. */
const LIKENESSES: readonly ((answers: Answers) => readonly string[])[] = [
  ({ chosen, rejected }) => [JSON.stringify([chosen, rejected])],
  // One answer is the same, on either side.
  ({ chosen, rejected }) => [chosen, rejected],
  () => [''],
]

/** Finds the first pair that is still left and has one of the line's words, at the line's place. */
function finder(
  left: ReadonlySet<StoredPair>,
  wordsFor: (answers: Answers) => readonly string[],
  prompts: Numbers,
): (line: FilePair) => StoredPair | undefined {
  const order = new Map([...left].map((pair, at) => [pair, at]))
  const indices = new Map<string, Map<string, StoredPair[]>>()
  /** The pairs by prompt, by those parts of their place that a line names, and by word; in each list, the last is first. */
  const indexFor = (line: FilePair) => {
    const named = JSON.stringify(PLACE.map((key) => line[key] !== null))
    const found = indices.get(named)
    if (found !== undefined) return found
    const index = new Map<string, StoredPair[]>()
    for (const pair of [...order.keys()].reverse()) {
      for (const word of new Set(wordsFor(pair))) {
        const key = keyOf(pair, line, word, prompts)
        const list = index.get(key)
        if (list === undefined) index.set(key, [pair])
        else list.push(pair)
      }
    }
    indices.set(named, index)
    return index
  }
  return (line) => {
    const index = indexFor(line)
    const heads = wordsFor(line).flatMap((word) => {
      const list = index.get(keyOf(line, line, word, prompts)) ?? []
      while (list.length > 0 && !left.has(list.at(-1)!)) list.pop()
      return list.slice(-1)
    })
    return heads.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))[0]
  }
}

const PLACE = ['task', 'seed', 'step'] as const

/** The key of a pair or a line in an index: only those parts of the place count that the line names. */
function keyOf(
  one: Pick<FilePair, 'prompt' | (typeof PLACE)[number]>,
  line: FilePair,
  word: string,
  prompts: Numbers,
): string {
  return JSON.stringify([prompts.of(one.prompt), ...PLACE.map((key) => (line[key] === null ? null : one[key])), word])
}

function wordsOf({ prompt, chosen, rejected, task, seed, step }: FilePair, prompts: Numbers): string {
  return JSON.stringify([prompts.of(prompt), chosen, rejected, task, seed, step])
}

/** A number for each text: prompts are long, and many pairs have the same. */
class Numbers {
  readonly #numbers = new Map<string, number>()

  of(text: string): number {
    const known = this.#numbers.get(text) ?? this.#numbers.size
    this.#numbers.set(text, known)
    return known
  }
}
