/**
 * Holm's adjusted p values, in the order of `ps`. Each is at most the level only if its comparison holds when all are tested
 * together: the probability of any wrong finding stays below the level. Holm 1979, "A simple sequentially rejective multiple
 * test procedure", Scandinavian Journal of Statistics 6.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, at) => at).sort((a, b) => ps[a]! - ps[b]!)
  const adjusted = [...ps]
  let least = 0
  for (const [rank, at] of order.entries()) {
    least = Math.max(least, Math.min(1, (ps.length - rank) * ps[at]!))
    adjusted[at] = least
  }
  return adjusted
}
