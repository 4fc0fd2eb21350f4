/** Supervised fine-tuning: raise the likelihood of given completions. */
import type { AdapterName, Engine, Scores } from '../engine/engine.ts'
import { plant, type Sequence, targets } from './forest.ts'
import { nll } from './losses.ts'
import { demandFinite, optimize, type TrainingHooks, type TrainingOptions, type TrainingResult } from './optimize.ts'
import { batchIndices, mix } from './order.ts'
import type { Batch, Metrics, Term } from './terms.ts'

/** A completion to imitate. Each of its tokens counts `weight` times (default 1). */
export interface Example extends Sequence {
  readonly weight?: number
}

export interface SftOptions extends TrainingOptions {
  /** Steps between evaluations of the held-out examples. */
  readonly eval_steps: number
  /** Training stops after this many evaluations in a row without improvement. */
  readonly patience: number
}

export interface SftJob {
  readonly engine: Engine
  /** What is trained: an adapter that the engine holds, or null for all weights of the base model. */
  readonly adapter: AdapterName
  readonly examples: readonly Example[]
  /** Held-out examples. With any, training stops when their loss no longer falls, and keeps the best weights. */
  readonly evalExamples?: readonly Example[]
  readonly options: SftOptions
  readonly hooks?: TrainingHooks
}

/** Trains on the mean negative log-likelihood per completion token. Throws as `optimize` does, and without examples. */
export async function trainSft(job: SftJob): Promise<TrainingResult> {
  const { engine, adapter, examples, evalExamples = [], options, hooks } = job
  const validation = {
    evaluate: (signal?: AbortSignal) => evaluateSft(engine, adapter, evalExamples, options.batch_size, signal),
    eval_steps: options.eval_steps,
    patience: options.patience,
  }
  const term = nllTerm(examples, options)
  return optimize(engine, adapter, [term], options, hooks, evalExamples.length > 0 ? validation : undefined)
}

/** `scale` times the examples' mean negative log-likelihood per token. Names of its figures start with `prefix`. */
export function nllTerm(
  examples: readonly Example[],
  options: Pick<TrainingOptions, 'batch_size' | 'grad_accumulation_steps' | 'seed'>,
  scale = 1,
  prefix = '',
): Term {
  if (examples.length === 0) throw new Error('There are no examples to train on.')
  return {
    prompts: examples.map(({ prompt }) => prompt),
    prepare(step) {
      const size = options.batch_size * options.grad_accumulation_steps
      const drawn = batchIndices(examples.length, size, step, options.seed).map((index) => examples[index]!)
      const total = drawn.reduce((sum, { completion, weight = 1 }) => sum + weight * completion.length, 0)
      const tally = new TokenTally()
      let loss = 0
      const batches: Batch[] = []
      for (let start = 0; start < size; start += options.batch_size) {
        const sequences = drawn.slice(start, start + options.batch_size)
        batches.push({
          sequences,
          dropoutSeed: mix(mix(options.seed, step), start),
          derive(scores, segments, derivatives) {
            const weights = tokenWeights(scores, segments, sequences)
            const { loss: share, dLogprobs } = nll(scores.logprobs, weights, total / scale)
            loss += share
            demandFinite(loss, step)
            for (const [i, derivative] of dLogprobs.entries()) derivatives[i]! += derivative
            tally.add(scores, segments)
          },
        })
      }
      return {
        batches,
        report() {
          const { entropy, mean_token_accuracy } = tally.means()
          return {
            loss,
            metrics:
              prefix === ''
                ? { entropy, mean_token_accuracy }
                : { [`${prefix}loss`]: loss / scale, [`${prefix}mean_token_accuracy`]: mean_token_accuracy },
          }
        },
      }
    },
  }
}

/** eval_loss (mean negative log-likelihood per token), eval_entropy and eval_mean_token_accuracy of held-out examples. */
export async function evaluateSft(
  engine: Engine,
  adapter: AdapterName,
  examples: readonly Example[],
  batchSize: number,
  signal?: AbortSignal,
): Promise<Metrics & { readonly eval_loss: number }> {
  const total = examples.reduce((sum, { completion, weight = 1 }) => sum + weight * completion.length, 0)
  const tally = new TokenTally()
  let eval_loss = 0
  for (let start = 0; start < examples.length; start += batchSize) {
    const part = examples.slice(start, start + batchSize)
    const planted = plant(part)
    const scores = await engine.logprobs(planted.forest, adapter, signal)
    eval_loss += nll(scores.logprobs, tokenWeights(scores, planted.segments, part), total).loss
    tally.add(scores)
  }
  const { entropy, mean_token_accuracy } = tally.means()
  return { eval_loss, eval_entropy: entropy, eval_mean_token_accuracy: mean_token_accuracy }
}

/** Means over the added target tokens. */
export class TokenTally {
  #tokens = 0
  #entropy = 0
  #hits = 0

  /** Adds the target tokens of these segments, or of all by default. */
  add(scores: Scores, segments: Iterable<number> = scores.counts.keys()): void {
    for (const segment of segments) {
      const start = scores.starts[segment]!
      const end = start + scores.counts[segment]!
      this.#tokens += end - start
      for (const entropy of scores.entropies.subarray(start, end)) this.#entropy += entropy
      for (const hit of scores.hits.subarray(start, end)) this.#hits += hit
    }
  }

  means(): { readonly entropy: number; readonly mean_token_accuracy: number } {
    return { entropy: this.#entropy / this.#tokens, mean_token_accuracy: this.#hits / this.#tokens }
  }
}

/** The weight of each target token: its example's, and 0 for those of other segments. */
function tokenWeights(scores: Scores, segments: readonly number[], examples: readonly Example[]): Float32Array {
  const weights = new Float32Array(scores.logprobs.length)
  segments.forEach((segment, i) => {
    const start = scores.starts[segment]!
    weights.fill(examples[i]!.weight ?? 1, start, start + targets(scores, segment).length)
  })
  return weights
}
