/** The first difference of two answers, short enough for a line of a table. */

export interface Difference {
  /** The last common word, where a side would otherwise be a bare number; else ''. */
  readonly before: string
  readonly chosen: string
  readonly rejected: string
}

/**
 * A few words of each answer from the first difference of their actions, or of the whole texts where the actions agree.
 */
export function firstDifference(chosen: string, rejected: string): Difference {
  const [a, b] = [actionOf(chosen), actionOf(rejected)]
  return a === b ? parted(chosen, rejected) : parted(a, b)
}

function actionOf(answer: string): string {
  return /^Action: (.*)$/m.exec(answer)?.[1] ?? answer
}

/** Words shown of each side. */
const WORDS = 5

function parted(a: string, b: string): Difference {
  const [left, right] = [a.split(/\s+/), b.split(/\s+/)]
  let at = 0
  while (at < left.length && at < right.length && left[at] === right[at]) at++
  const [chosen, rejected] = [left, right].map((words) => words.slice(at, at + WORDS))
  const isBare = [chosen, rejected].some((words = []) => words.length < 2)
  return { before: isBare ? (left[at - 1] ?? '') : '', chosen: shown(chosen), rejected: shown(rejected) }
}

function shown(words: readonly string[] = []): string {
  return words.length === 0 ? '∅' : words.join(' ')
}
