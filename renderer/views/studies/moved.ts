/** Changes the order of a queue. */

/** The list with one entry moved up (-1) or down (1) by one place; the same list where it cannot move. */
export function moved<T>(list: readonly T[], entry: T, by: -1 | 1): readonly T[] {
  const from = list.indexOf(entry)
  const to = from + by
  if (from < 0 || to < 0 || to >= list.length) return list
  return list.with(from, list[to]!).with(to, entry)
}
