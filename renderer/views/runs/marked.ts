/** Marking what is compared: two at most. */

/** What is marked after one was marked (`on`) or unmarked: a third takes the place of the one that was marked first. */
export function marksAfter<T>(marked: readonly T[], one: T, on: boolean): readonly T[] {
  const others = marked.filter((other) => other !== one)
  return on ? [...others.slice(-1), one] : others
}
