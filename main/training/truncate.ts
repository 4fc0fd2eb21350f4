/**
 * Sequences that are longer than `max_length` are cut as TRL 1.16 does (truncation_mode keep_start): prompt and completion
 * together keep their first `max_length` tokens. What has no token of a completion left is dropped.
 */

import type { MessageId } from '../messages/message.ts'
import type { Judged } from './policy-gradient.ts'
import type { TokenPair } from './preference.ts'
import type { Example } from './sft.ts'

/** What is trained on, with the message that names it: golden samples, held-out ones, pairs, steps of own successes, or of all attempts. */
export const TRAINED_ON = {
  golden: 'goldenSamples',
  heldOut: 'heldOutSamples',
  pairs: 'preferencePairs',
  successes: 'successSteps',
  attempts: 'attemptSteps',
} as const satisfies Readonly<Record<string, MessageId>>
export type TrainedOn = keyof typeof TRAINED_ON

/** How items of a kind are measured and cut. */
export interface Kind<T> {
  /** Tokens of an item's longest sequence, its prompt included. */
  readonly length: (item: T) => number
  /** The item with sequences of at most `most` tokens; null where the prompt alone has as many. */
  readonly keepStart: (item: T, most: number) => T | null
}

export const EXAMPLES: Kind<Example> = {
  length: ({ prompt, completion }) => prompt.length + completion.length,
  keepStart: (example, most) => {
    const room = most - example.prompt.length
    return room > 0 ? { ...example, completion: example.completion.subarray(0, room) } : null
  },
}

export const JUDGED: Kind<Judged> = {
  length: EXAMPLES.length,
  keepStart: (step, most) => {
    const kept = EXAMPLES.keepStart(step, most)
    return kept === null ? null : { ...kept, advantage: step.advantage }
  },
}

export const PAIRS: Kind<TokenPair> = {
  length: ({ prompt, chosen, rejected }) => prompt.length + Math.max(chosen.length, rejected.length),
  keepStart: ({ prompt, chosen, rejected }, most) => {
    const room = most - prompt.length
    return room > 0 ? { prompt, chosen: chosen.subarray(0, room), rejected: rejected.subarray(0, room) } : null
  },
}

/** What is left of some items, in their order; how many were cut, and how many dropped. */
export interface Truncated<T> {
  readonly kept: readonly T[]
  readonly cut: number
  readonly dropped: number
}

/** Cuts the sequences of items to at most `most` tokens. */
export function truncate<T>(items: readonly T[], most: number, { length, keepStart }: Kind<T>): Truncated<T> {
  const long = items.filter((item) => length(item) > most)
  if (long.length === 0) return { kept: items, cut: 0, dropped: 0 }
  const kept = items.map((item) => (length(item) > most ? keepStart(item, most) : item)).filter((item) => item !== null)
  const dropped = items.length - kept.length
  return { kept, cut: long.length - dropped, dropped }
}
