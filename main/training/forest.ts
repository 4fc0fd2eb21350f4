/** Builds forests from sequences, so that each prompt is computed once. */
import type { Forest, Scores, Segment } from '../engine/engine.ts'

/** A prompt and its completion, in tokens. The completion ends with the stop token. */
export interface Sequence {
  readonly prompt: Int32Array
  readonly completion: Int32Array
}

/** Equal prompts are one root. Segment `segments[i]` holds completion i, whose tokens are all targets. */
export interface PlantedForest {
  readonly forest: Forest
  readonly segments: readonly number[]
}

export function plant(sequences: readonly Sequence[]): PlantedForest {
  const forest: Segment[] = []
  const roots = new Map<string, number>()
  const segments = sequences.map(({ prompt, completion }) => {
    const key = prompt.join()
    let root = roots.get(key)
    if (root === undefined) {
      root = forest.push({ tokens: prompt, parent: -1, targetStart: prompt.length }) - 1
      roots.set(key, root)
    }
    return forest.push({ tokens: completion, parent: root, targetStart: 0 }) - 1
  })
  return { forest, segments }
}

/** Tokens that a forest computes. */
export function forestTokens(forest: Forest): number {
  return forest.reduce((sum, { tokens }) => sum + tokens.length, 0)
}

/** The sum of the log-probabilities of a segment's targets, in nats. */
export function segmentLogp(scores: Scores, segment: number): number {
  return targets(scores, segment).reduce((sum, logprob) => sum + logprob, 0)
}

/** The log-probabilities of a segment's targets: a view, not a copy. */
export function targets(scores: Scores, segment: number): Float32Array {
  const start = scores.starts[segment]!
  return scores.logprobs.subarray(start, start + scores.counts[segment]!)
}
