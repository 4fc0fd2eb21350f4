/** Choosing the next token from logits, in double precision. */
import type { Sampling } from './engine.ts'

/** log softmax(logits), and its entropy in nats. */
export function logSoftmax(logits: ArrayLike<number>): { logprobs: Float64Array; entropy: number } {
  const logprobs = Float64Array.from(logits)
  const largest = logprobs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  let sum = 0
  for (const logit of logprobs) sum += Math.exp(logit - largest)
  const normaliser = largest + Math.log(sum)
  let entropy = 0
  for (let i = 0; i < logprobs.length; i++) {
    const logprob = logprobs[i]! - normaliser
    logprobs[i] = logprob
    if (logprob > -700) entropy -= Math.exp(logprob) * logprob
  }
  return { logprobs, entropy }
}

/** Place of the largest value, the first of several. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

/**
 * A token drawn from softmax(logits / temperature) cut to its nucleus, the fewest most likely tokens that together have
 * at least top_p (Holtzman et al. 2020, arXiv:1904.09751); the most likely one at temperature 0. `uniform` is in (0, 1).
 */
export function sampleToken(
  logits: ArrayLike<number>,
  { temperature, top_p }: Pick<Sampling, 'temperature' | 'top_p'>,
  uniform: () => number,
): number {
  if (temperature === 0) return argMax(logits)
  const { logprobs } = logSoftmax(Float64Array.from(logits, (logit) => logit / temperature))
  const order = Array.from(logprobs.keys()).sort((a, b) => logprobs[b]! - logprobs[a]! || a - b)
  let mass = 0
  const nucleus: number[] = []
  for (const token of order) {
    nucleus.push(token)
    mass += Math.exp(logprobs[token]!)
    if (mass >= top_p) break
  }
  let rest = uniform() * mass
  for (const token of nucleus) {
    rest -= Math.exp(logprobs[token]!)
    if (rest < 0) return token
  }
  return nucleus.at(-1)!
}
