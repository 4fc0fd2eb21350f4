import { expect, test } from 'vitest'
import { createBigramEngine } from '../../testing/bigram-engine.ts'
import type { DLoss, Engine, Forest } from '../engine/engine.ts'
import { clippedSurrogate } from './losses.ts'
import { type Judged, playedLogps, policyGradientTerm } from './policy-gradient.ts'
import { accumulate } from './terms.ts'

/** Four completions of 3, 2, 1 and 3 tokens, each known by its first token. */
const COMPLETIONS = [[2, 3, 4], [5, 6], [7], [8, 9, 10]]
const PLAYED = [[-0.5, -1.2, -0.1], [-2, -0.3], [-0.7], [-0.05, -1.5, -0.9]]
const SHIFTS = [[0.1, 0.3, -0.4], [0.25, -0.3], [-0.5], [0.02, -0.1, 0.15]]
const OPTIONS = { batch_size: 2, grad_accumulation_steps: 2, seed: 3, max_steps: 1 }

const judged = (advantages: readonly number[]): Judged[] =>
  COMPLETIONS.map((completion, i) => ({
    prompt: Int32Array.of(1),
    completion: Int32Array.from(completion),
    advantage: advantages[i]!,
  }))

/** Gives the shifted log-probabilities, and records the derivatives of each completion. */
function given(): { readonly engine: Engine; readonly slopes: Map<number, number[]> } {
  const slopes = new Map<number, number[]>()
  const rowOf = (tokens: Int32Array) => COMPLETIONS.findIndex(([first]) => first === tokens[0])
  const accumulate = async (forest: Forest, dLoss: DLoss) => {
    const counts = Int32Array.from(forest, ({ tokens, targetStart }) => tokens.length - targetStart)
    let at = 0
    const starts = counts.map((count) => {
      at += count
      return at - count
    })
    const logprobs = Float32Array.from(
      forest.flatMap(({ tokens, targetStart }) =>
        targetStart === 0 ? PLAYED[rowOf(tokens)]!.map((logp, t) => logp + SHIFTS[rowOf(tokens)]![t]!) : [],
      ),
    )
    const scores = { logprobs, entropies: logprobs, hits: new Uint8Array(at), starts, counts }
    const derivatives = await dLoss(scores)
    for (const [s, { tokens, targetStart }] of forest.entries()) {
      if (targetStart === 0) slopes.set(rowOf(tokens), [...derivatives.subarray(starts[s], starts[s]! + counts[s]!)])
    }
    return scores
  }
  return { engine: { accumulate } as unknown as Engine, slopes }
}

// From _compute_loss of TRL 1.16.0's GRPOTrainer (loss_type dapo, epsilon 0.2, beta 0) and RLOOTrainer, with autograd.
test.each([
  {
    method: 'grpo',
    advantages: [0.8, -1.1, 0.8, -0.5],
    loss: 0.10780523996587542,
    clipped: 0.2222222238779068,
    expected: [
      [-0.098237415, 0, -0.059584004],
      [0.15693644, 0],
      [-0.053913836],
      [0.056677852, 0.050268745, 0.064546347],
    ],
  },
  {
    method: 'rloo',
    advantages: [0.5, -1, 0.75, -0.25],
    loss: 0.0661146187574482,
    clipped: 0,
    expected: [
      [-0.125, -0.125, -0.125],
      [0.237807356, 0.237807356],
      [-0.113724499],
      [0.067031761, 0.067031761, 0.067031761],
    ],
  },
] as const)(
  '$method has the loss and the derivatives of TRL',
  async ({ method, advantages, loss, clipped, expected }) => {
    const { engine, slopes } = given()
    const played = PLAYED.map((logps) => Float32Array.from(logps))
    const term = policyGradientTerm(method, judged(advantages), played, OPTIONS)
    const result = (await accumulate(engine, [term], false, 0)).reports[0]!
    expect(result.loss).toBeCloseTo(loss, 6)
    expect(result.metrics['clip_ratio/region_mean']).toBeCloseTo(clipped, 6)
    for (const [row, values] of expected.entries()) {
      expect(slopes.get(row)).toHaveLength(values.length)
      for (const [t, value] of values.entries()) expect(slopes.get(row)![t]).toBeCloseTo(value, 6)
    }
  },
)

test('the slope of the clipped surrogate is that of its values', () => {
  const h = 1e-6
  for (const advantage of [0.7, -1.3]) {
    for (const ratio of [-0.6, -0.1, 0, 0.1, 0.5]) {
      const at = (x: number) => clippedSurrogate(x, advantage, 0.2).loss
      expect(clippedSurrogate(ratio, advantage, 0.2).slope).toBeCloseTo((at(ratio + h) - at(ratio - h)) / (2 * h), 5)
    }
  }
})

test('at the policy that played, the loss is minus the mean advantage; steps that are never seen are not computed', async () => {
  const engine = createBigramEngine(Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)))
  const steps = judged([1, -0.5, -0.5, 1])
  const played = await playedLogps(engine, null, steps, OPTIONS)
  expect(played.map((logps) => logps?.length)).toEqual([3, 2, 1, 3])
  await engine.train(null)
  const { reports } = await accumulate(engine, [policyGradientTerm('rloo', steps, played, OPTIONS)], false, 0)
  expect(reports[0]?.loss).toBeCloseTo(-0.25, 6)
  const few = await playedLogps(engine, null, steps, { ...OPTIONS, grad_accumulation_steps: 1 })
  expect(few.filter((logps) => logps !== undefined)).toHaveLength(2)
})
