/** Where two answers part, short enough for a line of a table. */

/** A word of each around the first difference in their actions, or in all of the text where the actions agree. */
export function firstDifference(
  chosen: string,
  rejected: string,
): { readonly chosen: string; readonly rejected: string } {
  const [a, b] = [actionOf(chosen), actionOf(rejected)]
  return a === b ? parted(chosen, rejected) : parted(a, b)
}

function actionOf(answer: string): string {
  return /^Action: (.*)$/m.exec(answer)?.[1] ?? answer
}

/** Words to show of each side. */
const WORDS = 5

function parted(a: string, b: string): { chosen: string; rejected: string } {
  const [left, right] = [a.split(/\s+/), b.split(/\s+/)]
  let at = 0
  while (at < left.length && at < right.length && left[at] === right[at]) at++
  const words = (all: readonly string[]) => {
    const shown = all.slice(at, at + WORDS).join(' ')
    return shown === '' ? '∅' : shown
  }
  return { chosen: words(left), rejected: words(right) }
}
