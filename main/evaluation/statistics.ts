/** The statistics of success tables. Proportions are in [0, 1]. */

/** Normal quantile of a two-sided 95% interval. */
const Z = 1.959963984540054

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Wilson's 95% score interval of `successes` out of `n`; [0, 1] if `n` is 0. Wilson 1927. */
export function wilson(successes: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 }
  const p = successes / n
  const shrink = 1 + Z ** 2 / n
  const centre = (p + Z ** 2 / (2 * n)) / shrink
  const half = (Z / shrink) * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2))
  // Rounding would leave 1e-17 instead of exactly 0 and 1 at the ends.
  return { low: successes === 0 ? 0 : centre - half, high: successes === n ? 1 : centre + half }
}

/**
 * McNemar's exact test, on the problems that only one arm solved: the two-sided binomial probability that chance splits
 * them into `won` and `lost`, or more unevenly. 1 if there are none. McNemar 1947.
 */
export function mcnemar(won: number, lost: number): number {
  const n = won + lost
  const few = Math.min(won, lost)
  let tail = 0
  for (let k = 0; k <= few; k++) tail += Math.exp(logBinomial(n, k) - n * Math.LN2)
  return Math.min(1, 2 * tail)
}

/** One arm compared with another on the same problems. */
export interface Paired extends Interval {
  /** Problems that both arms played without a fault. */
  readonly n: number
  /** Problems that the first arm alone solved, the second alone, both, neither. */
  readonly won: number
  readonly lost: number
  readonly both: number
  readonly neither: number
  /** Success of the first minus success of the second. */
  readonly difference: number
  /** Of McNemar's exact test. */
  readonly p: number
}

/**
 * The paired difference with its 95% interval, Wald's after adding a half to each cell (Agresti & Min 2005,
 * "Simple improved confidence intervals for comparing matched proportions"), and McNemar's test.
 */
export function paired(won: number, lost: number, both: number, neither: number): Paired {
  const n = won + lost + both + neither
  const m = n + 2
  const [b, c] = [won + 0.5, lost + 0.5]
  const centre = (b - c) / m
  const half = (Z * Math.sqrt(b + c - (b - c) ** 2 / m)) / m
  return {
    n,
    won,
    lost,
    both,
    neither,
    difference: n === 0 ? 0 : (won - lost) / n,
    low: Math.max(-1, centre - half),
    high: Math.min(1, centre + half),
    p: mcnemar(won, lost),
  }
}

/** log of n over k. */
function logBinomial(n: number, k: number): number {
  let log = 0
  for (let i = 1; i <= k; i++) log += Math.log(n - k + i) - Math.log(i)
  return log
}
