/** Which examples a step sees: a function of (seed, step) alone, so that a resumed run sees the same ones. */

/**
 * Indices in [0, size) of the `batch` examples of step `step`. Steps go over the data pass after pass, each pass in its own
 * order. `batch` may be larger than `size`; every example is then seen before any is seen again.
 */
export function batchIndices(size: number, batch: number, step: number, seed: number): number[] {
  const passes = new Map<number, number[]>()
  return Array.from({ length: batch }, (_, i) => {
    const position = step * batch + i
    const pass = Math.floor(position / size)
    const order = passes.get(pass) ?? shuffled(size, mix(seed, pass))
    passes.set(pass, order)
    return order[position % size]!
  })
}

/** A permutation of 0 .. size - 1 that depends on the seed alone (Fisher-Yates). */
export function shuffled(size: number, seed: number): number[] {
  const order = Array.from({ length: size }, (_, i) => i)
  for (let i = size - 1; i > 0; i--) {
    const j = mix(seed, i) % (i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** Unsigned 32-bit hash of two integers (the finaliser of MurmurHash3, twice). */
export function mix(a: number, b: number): number {
  return finalise((finalise(a) + Math.imul(b, 0x9e3779b1)) | 0)
}

function finalise(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
