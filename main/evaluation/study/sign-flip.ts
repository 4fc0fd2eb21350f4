/**
 * The exact permutation test of paired differences, two-sided: the share of all ways to swap the two arms within problems
 * whose sum is as far from 0 as the one seen, or farther. What is swapped is a whole problem with all its training seeds. So
 * the test stays exact however alike the seeds are on a problem. It says whether *these* trainings differ.
 *
 * `differences` are whole numbers, one a problem: solved by how many more seeds of the first arm. With one seed this is
 * McNemar's exact test. Fisher 1935, "The Design of Experiments", section 21; Pitman 1937.
 */
export function signFlip(differences: readonly number[]): number {
  const sizes = differences.map(Math.abs).filter((size) => size > 0)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const seen = Math.abs(differences.reduce((sum, difference) => sum + difference, 0))
  // The distribution of the sum over the first arm's swaps: `share[at]` is the probability of the sum 2 at - reach.
  let share = Float64Array.of(1)
  for (const size of sizes) {
    const next = new Float64Array(share.length + size)
    for (const [at, probability] of share.entries()) {
      next[at]! += probability / 2
      next[at + size]! += probability / 2
    }
    share = next
  }
  let p = 0
  for (const [at, probability] of share.entries()) if (Math.abs(2 * at - total) >= seen) p += probability
  return Math.min(1, p)
}
