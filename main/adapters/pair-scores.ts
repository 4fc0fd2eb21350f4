/** The probabilities of pairs' answers under policies: token by token, and as the margin of the two answers. */

import type { Config } from '../config/schema.ts'
import type { Resources } from '../pipeline/resources.ts'
import { pairPlaces, tokenPair } from '../pipeline/stages/examples.ts'
import { LengthLimit } from '../pipeline/stages/lengths.ts'
import type { StoredPair } from '../store/pairs.ts'
import { plant, segmentLogp, targets } from '../training/forest.ts'
import { pairSequences } from '../training/preference.ts'
import { PAIRS } from '../training/truncate.ts'

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

/**
 * Scores a pair, as training reads it, under each of the policies. Throws UserError where the model or an adapter is
 * incomplete, and where the pair is too long.
 */
export async function scorePair(
  resources: Resources,
  config: Config,
  pair: StoredPair,
  policies: readonly ScoringPolicy[],
): Promise<ScoredPair> {
  const model = await resources.model()
  const place = pairPlaces(config)
  const limit = new LengthLimit('dpo', config, model.engine.config)
  const [tokens] = limit.fitSome('pairs', [{ item: tokenPair(model, pair), place: () => place(pair) }], PAIRS)
  const sequences = pairSequences(tokens!)
  const { forest, segments } = plant(sequences)
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
  const scored = (side: number) =>
    Array.from(sequences[side]?.completion ?? [], (token, at) => ({
      text: model.tokenizer.decode(Int32Array.of(token)),
      logprobs: by((name) => logprobs.get(name)?.[side]?.[at] ?? 0),
    }))
  const sum = (name: string, side: number) =>
    (logprobs.get(name)?.[side] ?? new Float32Array()).reduce((total, value) => total + value, 0)
  return { chosen: scored(0), rejected: scored(1), margins: by((name) => sum(name, 0) - sum(name, 1)) }
}

/** Pairs in one forest. Answers are short, and the page of a pair is computed once for both. */
const BATCH = 8

/**
 * Computes the margin of each pair, as training reads it, under the policy whose adapter is in `folder`: log-probability
 * of chosen minus that of rejected, in nats. Reports the margins by pair id, a batch at a time; a pair that training
 * leaves out for its length has none. Throws UserError where the model or the adapter is incomplete, and before it
 * computes anything where a pair is too long.
 */
export async function scoreMargins(
  resources: Resources,
  config: Config,
  pairs: readonly StoredPair[],
  folder: string,
  onBatch: (margins: ReadonlyMap<number, number>) => void,
): Promise<void> {
  const model = await resources.model()
  const place = pairPlaces(config)
  const limit = new LengthLimit('dpo', config, model.engine.config)
  const fitted = pairs.flatMap((pair) => {
    const placed = { item: tokenPair(model, pair), place: () => place(pair) }
    return limit.fit('pairs', [placed], PAIRS).map((tokens) => ({ id: pair.id, tokens }))
  })
  const adapter = 'score pairs'
  await model.loadAdapter(folder, adapter)
  try {
    for (let at = 0; at < fitted.length; at += BATCH) {
      const batch = fitted.slice(at, at + BATCH)
      const { forest, segments } = plant(batch.flatMap(({ tokens }) => pairSequences(tokens)))
      const scores = await model.engine.logprobs(forest, adapter)
      const logp = (segment: number | undefined) => segmentLogp(scores, segment ?? 0)
      onBatch(new Map(batch.map(({ id }, i) => [id, logp(segments[2 * i]) - logp(segments[2 * i + 1])])))
    }
  } finally {
    await model.engine.removeAdapter(adapter)
  }
}
