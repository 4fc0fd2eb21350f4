/** How far this engine's results are from a peer's. */
import type { Tensors } from '../main/engine/engine.ts'

/** The largest |ours - theirs|; NaN if there are not as many. */
export function mostDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.NaN
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0)
}

/** The largest |ours - theirs| / |theirs| of a tensor's gradient; NaN if a tensor is missing there. */
export function worstGradient(gradients: Tensors, expected: Tensors, prefix: string): number {
  let worst = 0
  for (const [name, { data }] of gradients) {
    const theirs = expected.get(prefix + name)
    if (theirs === undefined) return Number.NaN
    const difference = norm(data.map((value, i) => value - theirs.data[i]!))
    worst = Math.max(worst, difference / norm(theirs.data))
  }
  return worst
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}
