/** Student's t distribution, central and noncentral, for tests and their power. Degrees of freedom need not be whole. */

/** Tolerance of the series and searches below. */
const EPSILON = 1e-13
/** More terms than any series here needs. */
const TERMS = 10_000

/** The two-sided p value of Student's t with `df` degrees of freedom. 0 where t is infinite. */
export function studentP(t: number, df: number): number {
  return Number.isFinite(t) ? incompleteBeta(df / (df + t * t), df / 2, 1 / 2) : 0
}

/** The t that is exceeded, in absolute value, with probability `p`: 2.776 for p = 0.05 and 4 degrees of freedom. */
export function studentCritical(p: number, df: number): number {
  return search((t) => studentP(t, df) < p)
}

/**
 * The probability that a noncentral t with `df` degrees of freedom and noncentrality `shift` is at most `t`. Lenth 1989,
 * "Algorithm AS 243: Cumulative distribution function of the non-central t distribution", equations 1 and 2.
 */
export function noncentralT(t: number, df: number, shift: number): number {
  if (t < 0) return 1 - noncentralT(-t, df, -shift)
  const below = normalCdf(-shift)
  const x = (t * t) / (t * t + df)
  if (x === 0) return below
  const half = (shift * shift) / 2
  const b = df / 2
  const logHalf = Math.log(Math.max(half, 1e-300))
  let sum = 0
  for (let j = 0; j < TERMS; j++) {
    const odd = Math.exp(-half + j * logHalf - lnGamma(j + 1))
    const even = (shift / Math.SQRT2) * Math.exp(-half + j * logHalf - lnGamma(j + 3 / 2))
    const added = odd * incompleteBeta(x, j + 1 / 2, b) + even * incompleteBeta(x, j + 1, b)
    sum += added
    // The Poisson weights fall once j is above half of the squared shift.
    if (j > half && Math.abs(added) < EPSILON) break
  }
  return Math.min(1, Math.max(0, below + sum / 2))
}

/** The standard normal distribution function. Marsaglia 2004, "Evaluating the normal distribution", section 2. */
export function normalCdf(z: number): number {
  // Beyond, the series loses its digits, and less than 1e-15 is left.
  if (Math.abs(z) > 8) return z < 0 ? 0 : 1
  let [term, sum] = [z, z]
  for (let odd = 3; Math.abs(term) > EPSILON * Math.abs(sum) && odd < TERMS; odd += 2) {
    term *= (z * z) / odd
    sum += term
  }
  return 1 / 2 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22). `x` is in [0, 1]. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges quickly below the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  // Lentz's method; the terms are d(2m) and d(2m + 1) of DLMF 8.17.23.
  let [c, d] = [1, 1 / nonzero(1 - ((a + b) * x) / (a + 1))]
  let fraction = d
  for (let m = 1; m < TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / nonzero(1 + term * d)
      c = nonzero(1 + term / c)
      change = c * d
      fraction *= change
    }
    if (Math.abs(change - 1) < EPSILON) break
  }
  return front * fraction
}

/** log of the gamma function of x > 0: Stirling's series (DLMF 5.11.1), after x is raised to where it is exact. */
export function lnGamma(x: number): number {
  let shift = 0
  let raised = x
  for (; raised < 12; raised++) shift += Math.log(raised)
  const inverse = 1 / (raised * raised)
  const series =
    (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188))))) / raised
  return (raised - 1 / 2) * Math.log(raised) - raised + Math.log(2 * Math.PI) / 2 + series - shift
}

/** The smallest number from 0 on for which `holds`; Infinity where that is beyond 1e9. */
export function search(holds: (value: number) => boolean): number {
  let [low, high] = [0, 1]
  while (!holds(high)) {
    low = high
    high *= 2
    if (high > 1e9) return Number.POSITIVE_INFINITY
  }
  while (high - low > EPSILON * high) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

function nonzero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value
}
