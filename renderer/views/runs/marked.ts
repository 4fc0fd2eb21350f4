/** Marks at most two items for a comparison. */

/** The marks after one item is marked (`on`) or unmarked. A third mark replaces the oldest. */
export function marksAfter<T>(marked: readonly T[], one: T, on: boolean): readonly T[] {
  const others = marked.filter((other) => other !== one)
  return on ? [...others.slice(-1), one] : others
}
