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
/** The same for what only some prompts go on with, such as a page that several steps see. */
const LEAST_BRANCH = 8

/**
 * Plants sequences so that nothing is computed twice: equal prompts are one segment, and what all prompts begin with (the
 * system turn) is a segment above them. Between the two, so is what some of them go on with.
 */
export function plant(sequences: readonly Sequence[]): PlantedForest {
  const forks = forksOf(sequences.map(({ prompt }) => prompt))
  const forest: Segment[] = []
  const places = new Map<string, number>()
  const segments = sequences.map(({ prompt, completion }) => {
    let parent = -1
    let from = 0
    for (const end of [...forks.get(prompt.join())!, prompt.length]) {
      const key = prompt.subarray(0, end).join()
      const tokens = prompt.subarray(from, end)
      const place = places.get(key) ?? forest.push({ tokens, parent, targetStart: tokens.length }) - 1
      places.set(key, place)
      parent = place
      from = end
    }
    return forest.push({ tokens: completion, parent, targetStart: 0 }) - 1
  })
  return { forest, segments }
}

/**
 * Where each prompt is cut into segments, by its tokens in a row. Prompts without a common beginning stay whole, as those of
 * the shipped model do.
 */
function forksOf(prompts: readonly Int32Array[]): Map<string, number[]> {
  const distinct = new Map(prompts.map((prompt) => [prompt.join(), prompt]))
  const forks = new Map([...distinct.keys()].map((key): [string, number[]] => [key, []]))
  const divide = (members: readonly [string, Int32Array][], done: number, least: number) => {
    if (members.length < 2) return
    const common = commonTokens(members.map(([, prompt]) => prompt))
    const cuts = common - done >= least
    for (const [key, { length }] of cuts ? members : []) if (length > common) forks.get(key)!.push(common)
    for (const group of Map.groupBy(members, ([, prompt]) => prompt[common]).values())
      divide(group, cuts ? common : done, LEAST_BRANCH)
  }
  if (sharedTokens(prompts) > 0) divide([...distinct], 0, LEAST_SHARED)
  return forks
}

/** The number of tokens that all of these prompts begin with, if `plant` makes them a segment of their own; else 0. */
export function sharedTokens(prompts: readonly Int32Array[]): number {
  const common = commonTokens(prompts)
  return common >= LEAST_SHARED && prompts.some(({ length }) => length > common) ? common : 0
}

/** The number of tokens that all of these begin with. */
function commonTokens([first = new Int32Array(0), ...others]: readonly Int32Array[]): number {
  return others.reduce((length, prompt) => {
    let same = 0
    while (same < length && prompt[same] === first[same]) same++
    return same
  }, first.length)
}

/** Whether batches with such prompts are worth computing as one forest. */
export function joins(prompts: readonly Int32Array[]): boolean {
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.length, 0)
  return tokens > 0 && isMostlyShared(sharedTokens(prompts), tokens / prompts.length)
}

/**
 * Whether what all prompts begin with is at least half of a prompt; both in tokens. One forest then saves about a tenth of a step with
 * three terms of eight prompts each, and more of smaller ones. Below that, a larger forest takes more memory than the little it
 * saves is worth: among these are the prompts of a model that was trained on pages.
 */
export function isMostlyShared(shared: number, prompt: number): boolean {
  return 2 * shared >= prompt
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
