/** The probabilities of pairs' answers under policies: token by token, and as the margin of the two answers. */

import type { Resources } from '../pipeline/resources.ts'
import { pairMessages } from '../preferences/pairs.ts'
import type { StoredPair } from '../store/pairs.ts'
import { plant, segmentLogp, targets } from '../training/forest.ts'

export interface ScoredToken {
  /** The token decoded alone. The stop token of an answer is included. */
  readonly text: string
  /** Log-probability in nats, by policy. */
  readonly logprobs: Readonly<Record<string, number>>
}

export interface ScoredPair {
  readonly chosen: readonly ScoredToken[]
  readonly rejected: readonly ScoredToken[]
  /** Log-probability of chosen minus that of rejected, in nats, by policy. */
  readonly margins: Readonly<Record<string, number>>
}

/** A policy, by the folder of its adapter. */
export interface ScoringPolicy {
  readonly name: string
  readonly folder: string
}

/** Scores a pair under each of the policies. Throws UserError where the model or an adapter is incomplete. */
export async function scorePair(
  resources: Resources,
  pair: Pick<StoredPair, 'prompt' | 'chosen' | 'rejected'>,
  policies: readonly ScoringPolicy[],
): Promise<ScoredPair> {
  const model = await resources.model()
  const prompt = model.messageTokens(pairMessages(pair))
  const answers = { chosen: model.completionTokens(pair.chosen), rejected: model.completionTokens(pair.rejected) }
  const sides = ['chosen', 'rejected'] as const
  const { forest, segments } = plant(sides.map((side) => ({ prompt, completion: answers[side] })))
  const logprobs = new Map<string, readonly Float32Array[]>()
  for (const { name, folder } of policies) {
    const adapter = `score ${name}`
    await model.loadAdapter(folder, adapter)
    try {
      const scores = await model.engine.logprobs(forest, adapter)
      logprobs.set(
        name,
        segments.map((segment) => targets(scores, segment).slice()),
      )
    } finally {
      await model.engine.removeAdapter(adapter)
    }
  }
  const by = (value: (name: string) => number) => Object.fromEntries(policies.map(({ name }) => [name, value(name)]))
  const tokens = (side: number) =>
    [...answers[sides[side] ?? 'chosen']].map((token, at) => ({
      text: model.tokenizer.decode(Int32Array.of(token)),
      logprobs: by((name) => logprobs.get(name)?.[side]?.[at] ?? 0),
    }))
  const sum = (name: string, side: number) =>
    (logprobs.get(name)?.[side] ?? new Float32Array()).reduce((total, value) => total + value, 0)
  return { chosen: tokens(0), rejected: tokens(1), margins: by((name) => sum(name, 0) - sum(name, 1)) }
}

/** Pairs in one forest. Answers are short, and the page of a pair is computed once for both. */
const BATCH = 8

/**
 * Computes the margin of each pair under the policy whose adapter is in `folder`: log-probability of chosen minus that
 * of rejected, in nats. Reports the margins by pair id, a batch at a time. Throws UserError where the model or the
 * adapter is incomplete.
 */
export async function scoreMargins(
  resources: Resources,
  pairs: readonly StoredPair[],
  folder: string,
  onBatch: (margins: ReadonlyMap<number, number>) => void,
): Promise<void> {
  const model = await resources.model()
  const adapter = 'score pairs'
  await model.loadAdapter(folder, adapter)
  try {
    for (let at = 0; at < pairs.length; at += BATCH) {
      const batch = pairs.slice(at, at + BATCH)
      const { forest, segments } = plant(
        batch.flatMap((pair) => {
          const prompt = model.messageTokens(pairMessages(pair))
          return [pair.chosen, pair.rejected].map((text) => ({ prompt, completion: model.completionTokens(text) }))
        }),
      )
      const scores = await model.engine.logprobs(forest, adapter)
      const logp = (segment: number | undefined) => segmentLogp(scores, segment ?? 0)
      onBatch(new Map(batch.map(({ id }, i) => [id, logp(segments[2 * i]) - logp(segments[2 * i + 1])])))
    }
  } finally {
    await model.engine.removeAdapter(adapter)
  }
}
