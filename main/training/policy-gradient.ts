/**
 * RLOO and GRPO on attempts that are already played: raise what did better than the other attempts at its problem, lower what did
 * worse. Names and formulas are those of TRL's RLOOTrainer and GRPOTrainer (loss_type dapo), without a KL term (beta 0).
 */
import type { PolicyGradient } from '../config/choices.ts'
import type { AdapterName, Engine } from '../engine/engine.ts'
import { plant, segmentLogp, targets } from './forest.ts'
import { clippedSurrogate, type SurrogateLoss } from './losses.ts'
import { demandFinite, type TrainingOptions } from './optimize.ts'
import { batchIndices, mix } from './order.ts'
import { type Example, TokenTally } from './sft.ts'
import type { Batch, Term } from './terms.ts'

/** A step of an attempt, with the advantage of its attempt. */
export interface Judged extends Example {
  readonly advantage: number
}

/** The share by which the ratio to the policy that played may differ from 1 (TRL's default of epsilon). */
const EPSILON = 0.2
type BatchOptions = Pick<TrainingOptions, 'batch_size' | 'grad_accumulation_steps' | 'seed' | 'max_steps'>

/**
 * Log-probabilities of each token under the policy that played, frozen under the name `adapter`; undefined for steps that the
 * training never sees.
 */
export async function playedLogps(
  engine: Engine,
  adapter: AdapterName,
  judged: readonly Judged[],
  options: BatchOptions,
  signal?: AbortSignal,
): Promise<(Float32Array | undefined)[]> {
  const size = options.batch_size * options.grad_accumulation_steps
  const seen = new Set<number>()
  for (let step = 0; step < options.max_steps && seen.size < judged.length; step++) {
    for (const index of batchIndices(judged.length, size, step, options.seed)) seen.add(index)
  }
  const logps: (Float32Array | undefined)[] = judged.map(() => undefined)
  // In their order, in which the steps of a problem stand together and share prompts.
  const indices = [...seen].sort((a, b) => a - b)
  for (let start = 0; start < indices.length; start += options.batch_size) {
    const part = indices.slice(start, start + options.batch_size)
    const { forest, segments } = plant(part.map((index) => judged[index]!))
    const scores = await engine.logprobs(forest, adapter, signal)
    part.forEach((index, i) => {
      logps[index] = targets(scores, segments[i]!).slice()
    })
  }
  return logps
}

/**
 * The loss of judged steps. RLOO: the mean over completions. GRPO: the mean over the tokens of all completions. `played` holds an
 * entry a step (`playedLogps`).
 */
export function policyGradientTerm(
  method: PolicyGradient,
  judged: readonly Judged[],
  played: readonly (Float32Array | undefined)[],
  options: BatchOptions,
): Term {
  if (judged.length === 0) throw new Error('There are no steps to train on.')
  return {
    prompts: judged.map(({ prompt }) => prompt),
    prepare(step) {
      const size = options.batch_size * options.grad_accumulation_steps
      const drawn = batchIndices(judged.length, size, step, options.seed)
      const all = method === 'rloo' ? size : drawn.reduce((sum, index) => sum + judged[index]!.completion.length, 0)
      const tally = new TokenTally()
      let loss = 0
      let clipped = 0
      const count = ({ loss: own, clipped: isClipped }: SurrogateLoss) => {
        loss += own / all
        clipped += isClipped ? 1 / all : 0
      }
      const batches: Batch[] = []
      for (let start = 0; start < size; start += options.batch_size) {
        const part = drawn.slice(start, start + options.batch_size)
        batches.push({
          sequences: part.map((index) => judged[index]!),
          dropoutSeed: mix(mix(options.seed, step), start),
          derive(scores, segments, derivatives) {
            part.forEach((index, i) => {
              const { advantage } = judged[index]!
              const before = played[index]
              if (before === undefined) throw new Error('Every step needs its log-probabilities when it was played.')
              const now = targets(scores, segments[i]!)
              const from = scores.starts[segments[i]!]!
              if (method === 'rloo') {
                const ratio = segmentLogp(scores, segments[i]!) - before.reduce((sum, logp) => sum + logp, 0)
                const whole = clippedSurrogate(ratio, advantage, EPSILON)
                count(whole)
                derivatives.fill(whole.slope / all, from, from + now.length)
              } else {
                now.forEach((logp, t) => {
                  const one = clippedSurrogate(logp - before[t]!, advantage, EPSILON)
                  count(one)
                  derivatives[from + t] = one.slope / all
                })
              }
            })
            demandFinite(loss, step)
            tally.add(scores, segments)
          },
        })
      }
      return {
        batches,
        report: () => ({
          loss,
          metrics: { entropy: tally.means().entropy, 'clip_ratio/region_mean': clipped },
        }),
      }
    },
  }
}
