/** Builds forests from sequences, so that each prompt is computed once. */
import type { Forest, Scores, Segment } from '../engine/engine.ts'

/** A prompt and its completion, in tokens. The completion ends with the stop token. */
export interface Sequence {
  readonly prompt: Int32Array
  readonly completion: Int32Array
}

/** Segment `segments[i]` holds completion i, whose tokens are all targets. */
export interface PlantedForest {
  readonly forest: Forest
  readonly segments: readonly number[]
}

/**
 * The fewest tokens that all prompts must begin with to share them. The system turn of an instruct model is longer; what a
 * chat template alone puts before a page is shorter, and a segment of its own would cost more than it saves.
 */
const LEAST_SHARED = 32

/**
 * Plants sequences so that nothing is computed twice: equal prompts are one segment, and what all prompts begin with (the
 * system turn) is a segment above them.
 */
export function plant(sequences: readonly Sequence[]): PlantedForest {
  const shared = sharedTokens(sequences.map(({ prompt }) => prompt))
  const forest: Segment[] = []
  /** Adds tokens that are no targets; without any, it is the parent itself. */
  const add = (tokens: Int32Array, parent: number) =>
    tokens.length === 0 ? parent : forest.push({ tokens, parent, targetStart: tokens.length }) - 1
  const root = shared === 0 ? -1 : add(sequences[0]!.prompt.subarray(0, shared), -1)
  const places = new Map<string, number>()
  const segments = sequences.map(({ prompt, completion }) => {
    const key = prompt.join()
    const parent = places.get(key) ?? add(prompt.subarray(shared), root)
    places.set(key, parent)
    return forest.push({ tokens: completion, parent, targetStart: 0 }) - 1
  })
  return { forest, segments }
}

/** The number of tokens that all of these prompts begin with, if `plant` makes them a segment of their own; else 0. */
export function sharedTokens(prompts: readonly Int32Array[]): number {
  const [first = new Int32Array(0), ...others] = prompts
  let differs = false
  const common = others.reduce((length, prompt) => {
    let same = 0
    while (same < length && prompt[same] === first[same]) same++
    differs ||= same < Math.max(first.length, prompt.length)
    return same
  }, first.length)
  return differs && common >= LEAST_SHARED ? common : 0
}

/**
 * Whether batches with such prompts are worth computing as one forest: what all begin with is at least half of a prompt. That
 * saves about a tenth of a step with three terms of eight prompts each, and more of smaller ones. Below that, a larger
 * forest takes more memory than the little it saves is worth: among these are the prompts of a model that was trained on pages.
 */
export function joins(prompts: readonly Int32Array[]): boolean {
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.length, 0)
  return 2 * sharedTokens(prompts) * prompts.length >= tokens && tokens > 0
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
