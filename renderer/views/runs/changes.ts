/** The size of a change over several projections and layers. */

export type Size = 'a' | 'b' | 'difference'

/** Norms add up like the sides of a right angle; what is not known counts as nothing. */
export function totals(changes: readonly Readonly<Record<Size, number | null>>[]): Record<Size, number> {
  const sum = (size: Size) => Math.hypot(...changes.map((change) => change[size] ?? 0))
  return { a: sum('a'), b: sum('b'), difference: sum('difference') }
}
