/** The loss of a step is a sum of terms. Their batches go through the engine here: each alone, or together. */
import type { Engine, Scores } from '../engine/engine.ts'
import { forestTokens, joins, plant, type Sequence } from './forest.ts'

/** Figures by TRL's names. */
export type Metrics = Readonly<Record<string, number>>

/** One term of the loss. It chooses its own batches and applies its own weight. */
export interface Term {
  /** Every prompt that may be in a batch. */
  readonly prompts: readonly Int32Array[]
  /** The term's part of a step, counted from 0. The signal ends it early. */
  prepare(step: number, signal?: AbortSignal): TermStep | Promise<TermStep>
}

export interface TermStep {
  /** As many as a step accumulates (grad_accumulation_steps). */
  readonly batches: readonly Batch[]
  /** What the step showed, once all derivatives are taken. */
  report(): TermReport
}

/** Sequences that go through the engine at once. */
export interface Batch {
  readonly sequences: readonly Sequence[]
  readonly dropoutSeed: number
  /**
   * Adds the derivatives of the weighted loss by each log-probability, in the layout of the scores. `segments[i]` holds
   * completion i. Throws UserError when the loss is no longer a number.
   */
  derive(scores: Scores, segments: readonly number[], derivatives: Float32Array): void
}

export interface TermReport {
  /** The weighted loss; the step's loss is the sum over its terms. */
  readonly loss: number
  readonly metrics: Metrics
}

/**
 * Whether the batches of these terms go through the engine together. Prompts then are computed once a step where they would be
 * once a term. The gradient is the same sum.
 */
export function goTogether(terms: readonly Pick<Term, 'prompts'>[]): boolean {
  return terms.length > 1 && joins(terms.flatMap(({ prompts }) => prompts))
}

/**
 * Adds the gradients of all terms on a step's batches. Returns the terms' reports and the tokens that were computed. The signal
 * ends it early, as it ends the engine's `accumulate`.
 */
export async function accumulate(
  engine: Engine,
  terms: readonly Term[],
  together: boolean,
  step: number,
  signal?: AbortSignal,
): Promise<{ readonly reports: readonly TermReport[]; readonly tokens: number }> {
  const steps: TermStep[] = []
  let tokens = 0
  for (const term of terms) {
    const prepared = await term.prepare(step, signal)
    steps.push(prepared)
    if (together) continue
    for (const batch of prepared.batches) tokens += await compute(engine, [batch], signal)
  }
  const [first] = steps
  for (const i of together && first !== undefined ? first.batches.keys() : []) {
    tokens += await compute(
      engine,
      steps.map(({ batches }) => batches[i]!),
      signal,
    )
  }
  return { reports: steps.map((one) => one.report()), tokens }
}

/** Computes batches as one forest. Returns its tokens. */
async function compute(engine: Engine, batches: readonly Batch[], signal?: AbortSignal): Promise<number> {
  const { forest, segments } = plant(batches.flatMap(({ sequences }) => sequences))
  const dLoss = (scores: Scores) => {
    const derivatives = new Float32Array(scores.logprobs.length)
    let from = 0
    for (const { sequences, derive } of batches) {
      derive(scores, segments.slice(from, from + sequences.length), derivatives)
      from += sequences.length
    }
    return derivatives
  }
  await engine.accumulate(forest, dLoss, batches[0]!.dropoutSeed, signal)
  return forestTokens(forest)
}
