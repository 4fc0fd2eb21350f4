/** One optimiser step, as in the trainers. */
import type { AdamW, Engine, Scores } from '../main/engine/engine.ts'
import { type PlantedForest, plant, type Sequence, segmentLogp } from '../main/training/forest.ts'
import { nll, sigmoid } from '../main/training/losses.ts'

/** The rate is so small that the model stays the same for the next contestant. */
export const ADAM_W: AdamW = {
  learning_rate: 1e-7,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}

export const BETA = 0.1

/** Log-probabilities of a pair's completions under the reference, in nats. */
export interface Reference {
  readonly chosen: number
  readonly rejected: number
}

/** The sequences as a forest without shared prompts, as in a padded batch. */
export function plantUnshared(sequences: readonly Sequence[]): PlantedForest {
  const planted = sequences.map((sequence) => plant([sequence]))
  return {
    forest: planted.flatMap(({ forest }, tree) =>
      forest.map((segment) => ({ ...segment, parent: segment.parent === -1 ? -1 : segment.parent + 2 * tree })),
    ),
    segments: planted.map(({ segments }, tree) => segments[0]! + 2 * tree),
  }
}

/** A step on the mean negative log-likelihood of the completions' tokens: backward, AdamW. */
export async function sftStep(engine: Engine, { forest }: PlantedForest): Promise<void> {
  await engine.accumulate(forest, ({ logprobs }) => {
    return nll(logprobs, new Float32Array(logprobs.length).fill(1), logprobs.length).dLogprobs
  })
  await engine.step(ADAM_W)
}

/** Sigmoid DPO on pairs whose chosen and rejected are segments 2i and 2i + 1 of `planted`, backward, AdamW. Returns
 * the gradient's norm. */
export async function dpoStep(
  engine: Engine,
  planted: PlantedForest,
  reference: readonly Reference[],
): Promise<number> {
  await engine.accumulate(planted.forest, (scores) => {
    const derivatives = new Float32Array(scores.logprobs.length)
    reference.forEach((ref, pair) => {
      const [chosen, rejected] = [planted.segments[2 * pair]!, planted.segments[2 * pair + 1]!]
      const logps = {
        chosen: segmentLogp(scores, chosen),
        rejected: segmentLogp(scores, rejected),
        refChosen: ref.chosen,
        refRejected: ref.rejected,
        chosenTokens: scores.counts[chosen]!,
        rejectedTokens: scores.counts[rejected]!,
        kl: 0,
      }
      const { dChosen, dRejected } = sigmoid(logps, {
        beta: BETA,
        label_smoothing: 0,
        desirable_weight: 1,
        undesirable_weight: 1,
      })
      fill(derivatives, scores, chosen, dChosen / reference.length)
      fill(derivatives, scores, rejected, dRejected / reference.length)
    })
    return derivatives
  })
  return (await engine.step(ADAM_W)).grad_norm
}

function fill(derivatives: Float32Array, { starts, counts }: Scores, segment: number, value: number): void {
  derivatives.fill(value, starts[segment]!, starts[segment]! + counts[segment]!)
}
