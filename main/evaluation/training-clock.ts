/** How far a training has come at its optimiser steps, in tokens and in time. */

/** Values at some steps, in their order. A value that was not a number is null. */
export interface Recorded {
  readonly steps: readonly number[]
  readonly values: readonly (number | null)[]
}

export interface TrainingClock {
  readonly steps: readonly number[]
  /** Tokens that the training has computed at the end of each step. */
  readonly tokens: readonly number[]
  /** Milliseconds that its optimiser steps have taken by then. Evaluations, checkpoints and stops do not count. */
  readonly time: readonly number[]
}

/**
 * The clock of a training from two of its metrics: `num_tokens`, and `tokens_per_second` of each step. Between two recorded steps it goes on at
 * the recorded rate. null where they were not recorded.
 */
export function trainingClock(numTokens: Recorded, tokensPerSecond: Recorded): TrainingClock | null {
  const rates = new Map(tokensPerSecond.steps.map((step, at) => [step, tokensPerSecond.values[at] ?? null]))
  const clock = { steps: [] as number[], tokens: [] as number[], time: [] as number[] }
  let before = { step: 0, tokens: 0, time: 0, rate: 0 }
  for (const [at, step] of numTokens.steps.entries()) {
    const tokens = numTokens.values[at] ?? null
    const rate = rates.get(step) ?? null
    if (tokens === null || rate === null || rate <= 0) continue
    // A point of a long curve has the rate of the steps from it on, so those before the next point have the rate of this one.
    const since = step - before.step > 1 && before.rate > 0 ? before.rate : rate
    const time = before.time + (1000 * Math.max(0, tokens - before.tokens)) / since
    before = { step, tokens, time, rate }
    clock.steps.push(step)
    clock.tokens.push(tokens)
    clock.time.push(time)
  }
  return clock.steps.length === 0 ? null : clock
}

export type Measure = 'tokens' | 'time'

/** Tokens or milliseconds at the end of a step, as a whole number. Steps that were not recorded lie on the line between those that were. */
export function reached(clock: TrainingClock, measure: Measure, step: number): number {
  return Math.round(between(clock.steps, clock[measure], step))
}

/** The step, a whole number, at which a training had reached so many tokens or milliseconds. */
export function stepReached(clock: TrainingClock, measure: Measure, amount: number): number {
  return Math.round(between(clock[measure], clock.steps, amount))
}

/** The value at `x` on the line from (0, 0) through the points, whose x rise, and past the last one in its direction. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let low = 0
  let high = xs.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (xs[middle]! < x) low = middle + 1
    else high = middle
  }
  const [x0, y0] = low === 0 ? [0, 0] : [xs[low - 1]!, ys[low - 1]!]
  const [x1, y1] = [xs[low]!, ys[low]!]
  return x1 === x0 ? y1 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0)
}
