/** Chooses the next token from logits, in double precision. */
import { UserError } from '../messages/error.ts'
import { START, Walker } from './constraint.ts'
import type { Constraint, ModelConfig, Sampling } from './engine.ts'

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

/** Index of the largest value; the first of equal ones. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

/**
 * Samples a token from the nucleus of softmax(logits / temperature): the fewest most likely tokens that together have at
 * least top_p (Holtzman et al. 2020, arXiv:1904.09751). At temperature 0, the most likely token. `uniform` in [0, 1)
 * decides: the same number gives the same token in every engine, except for rounding.
 */
export function sampleToken(
  logits: ArrayLike<number>,
  { temperature, top_p }: Pick<Sampling, 'temperature' | 'top_p'>,
  uniform: number,
): number {
  if (temperature === 0) return argMax(logits)
  const { logprobs } = logSoftmax(Float64Array.from(logits, (logit) => logit / temperature))
  const probabilities = logprobs.map(Math.exp)
  let nucleus = Array.from(probabilities.keys())
  let mass = 1
  if (top_p < 1) {
    nucleus.sort((a, b) => probabilities[b]! - probabilities[a]!)
    mass = 0
    const last = nucleus.findIndex((token) => {
      mass += probabilities[token]!
      return mass >= top_p
    })
    nucleus = nucleus.slice(0, last + 1)
  }
  let rest = uniform * mass
  for (const token of nucleus) {
    rest -= probabilities[token]!
    if (rest < 0) return token
  }
  // Rounding can leave a small rest of probability.
  return nucleus.findLast((token) => probabilities[token]! > 0)!
}

/** The tokens that a constraint leaves to one completion, step by step. */
export class Choices {
  readonly #walker: Walker
  readonly #stops: readonly number[]
  readonly #reserve: number
  #place = START
  #left: number

  /**
   * For a model with so many tokens. Throws UserError where no completion fits into max_new_tokens.
   */
  constructor(walker: Walker, reserve: number, sampling: Sampling, vocabulary: number) {
    checkShortest(walker.shortest, sampling)
    this.#walker = walker
    this.#stops = sampling.stop_token_ids.filter((token) => token < vocabulary)
    this.#reserve = Math.min(reserve, sampling.max_new_tokens - walker.shortest)
    this.#left = sampling.max_new_tokens
  }

  /** The tokens that may come next, in the order in which they are drawn: plain tokens, then those that stop. */
  next(): number[] {
    const stops = this.#walker.mayEnd(this.#place) ? this.#stops : []
    return [...this.#walker.allowed(this.#place, --this.#left, this.#reserve), ...stops]
  }

  /** Goes on behind the token that was chosen. */
  take(token: number): void {
    this.#place = this.#walker.after(this.#place, token) ?? this.#place
  }
}

/**
 * Draws the tokens of one completion, one a call: from all tokens, or from those that its constraint allows. Throws
 * UserError where no completion fits into max_new_tokens.
 */
export function drawer(
  sampling: Sampling,
  constraint: Constraint | null,
  vocabulary: number,
): (logits: ArrayLike<number>, uniform: number) => number {
  if (constraint === null) return (logits, uniform) => sampleToken(logits, sampling, uniform)
  const choices = new Choices(new Walker(constraint), constraint.reserve, sampling, vocabulary)
  return (logits, uniform) => {
    const tokens = choices.next()
    const theirs = tokens.map((each) => logits[each]!)
    const token = tokens[sampleToken(theirs, sampling, uniform)]!
    choices.take(token)
    return token
  }
}

/**
 * Throws RangeError if prompts or sampling options are impossible for the model, and UserError if a prompt leaves no room
 * for its completion.
 */
export function checkRequest(prompts: readonly Int32Array[], sampling: Sampling, config: ModelConfig): void {
  const { temperature, top_p, max_new_tokens, seeds, constraints } = sampling
  const refuse = (what: string) => {
    throw new RangeError(what)
  }
  if (!(max_new_tokens >= 1)) refuse('max_new_tokens must be at least 1.')
  if (!(temperature >= 0)) refuse('temperature must not be negative.')
  if (!(top_p > 0 && top_p <= 1)) refuse('top_p must lie in (0, 1].')
  if (seeds.length !== prompts.length) refuse(`${prompts.length} prompts need as many seeds, not ${seeds.length}.`)
  if (constraints !== undefined && constraints.length !== prompts.length) {
    refuse(`${prompts.length} prompts need as many constraints, not ${constraints.length}.`)
  }
  for (const constraint of constraints ?? []) {
    if (constraint !== null && constraint.vocabulary.offsets.length - 1 > config.vocab_size) {
      refuse(`A constraint has more tokens than the model, which has ${config.vocab_size}.`)
    }
  }
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.length === 0) refuse(`Prompt ${index} has no tokens.`)
    const stranger = prompt.find((token) => token < 0 || token >= config.vocab_size)
    if (stranger !== undefined) {
      refuse(`Prompt ${index} holds token id ${stranger}, outside the vocabulary of ${config.vocab_size}.`)
    }
    const limit = config.max_position_embeddings
    if (prompt.length + max_new_tokens > limit) {
      throw new UserError('promptTooLong', { tokens: prompt.length, max_new_tokens, limit })
    }
  }
}

/** Throws UserError where the shortest completion that a constraint allows is longer than max_new_tokens. */
export function checkShortest(shortest: number, { max_new_tokens }: Sampling): void {
  if (shortest > max_new_tokens) throw new UserError('answerDoesNotFit', { shortest, max_new_tokens })
}
