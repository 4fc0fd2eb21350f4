/** The size of a change over several projections and layers. */

export type Size = 'a' | 'b' | 'difference'

/** The norm of the whole, which is the root of the sum of squares. Unknown values count as 0. */
export function totals(changes: readonly Readonly<Record<Size, number | null>>[]): Record<Size, number> {
  const sum = (size: Size) => Math.hypot(...changes.map((change) => change[size] ?? 0))
  return { a: sum('a'), b: sum('b'), difference: sum('difference') }
}
