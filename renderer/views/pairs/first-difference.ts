/** Where two answers part, short enough for a line of a table. */

export interface Difference {
  /** The last word that they share, where a side would be a bare number without it; else ''. */
  readonly before: string
  readonly chosen: string
  readonly rejected: string
}

/** Some words of each from the first difference in their actions on, or in all of the text where the actions agree. */
export function firstDifference(chosen: string, rejected: string): Difference {
  const [a, b] = [actionOf(chosen), actionOf(rejected)]
  return a === b ? parted(chosen, rejected) : parted(a, b)
}

function actionOf(answer: string): string {
  return /^Action: (.*)$/m.exec(answer)?.[1] ?? answer
}

/** Words to show of each side. */
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
