/**
 * Fits what a stage trains on to the model, before anything is computed: with `max_length` as TRL truncates, without it by
 * refusing sequences that are longer than the model takes.
 */
import { z } from 'zod'
import type { Config } from '../../config/schema.ts'
import type { ModelConfig } from '../../engine/engine.ts'
import { cutShort } from '../../messages/cut.ts'
import { UserError } from '../../messages/error.ts'
import { type Message, message, type Say, type Value } from '../../messages/message.ts'
import { type Kind, TRAINED_ON, type TrainedOn, truncate } from '../../training/truncate.ts'

/** Something to train on, and where a person finds it: a line of a file, or a number in the store. */
export interface Placed<T> {
  readonly item: T
  readonly place: () => Value
}

/** How many of one kind were cut or dropped. */
export const truncation = z.object({
  what: z.literal(Object.keys(TRAINED_ON) as TrainedOn[]),
  /** How many there were before. */
  of: z.int(),
  cut: z.int(),
  dropped: z.int(),
  max_length: z.int(),
})
export type Truncation = z.output<typeof truncation>

/** The limit of a stage, and what it did to the stage's data. */
export class LengthLimit {
  readonly #stage: 'sft' | 'dpo'
  readonly #maxLength: number | null
  readonly #positions: number
  /** What was cut or dropped. */
  readonly truncations: Truncation[] = []

  constructor(stage: 'sft' | 'dpo', { training }: Config, model: Pick<ModelConfig, 'max_position_embeddings'>) {
    this.#stage = stage
    this.#maxLength = training[stage].max_length
    this.#positions = model.max_position_embeddings
  }

  /**
   * The items as they are trained on. Throws UserError with the place of every item that is longer than the model takes.
   */
  fit<T>(what: Truncation['what'], placed: readonly Placed<T>[], kind: Kind<T>): readonly T[] {
    const max_length = this.#maxLength
    const most = Math.min(this.#positions, max_length ?? this.#positions)
    if (max_length === null || max_length > this.#positions) {
      const limits = { limit: this.#positions, key: `training.${this.#stage}.max_length` }
      const wrong = placed.flatMap(({ item, place }) => {
        const tokens = Math.min(kind.length(item), max_length ?? Number.POSITIVE_INFINITY)
        return tokens > most ? [message('sequenceOverModel', { place: place(), tokens, ...limits })] : []
      })
      if (wrong.length > 0) throw new UserError(cutShort(wrong))
    }
    const items = placed.map(({ item }) => item)
    if (max_length === null) return items
    const { kept, cut, dropped } = truncate(items, max_length, kind)
    if (cut + dropped > 0) this.truncations.push({ what, of: items.length, cut, dropped, max_length })
    return kept
  }

  /** The same for items that the stage cannot do without. Throws UserError also where `max_length` leaves none of them. */
  fitSome<T>(what: Truncation['what'], placed: readonly Placed<T>[], kind: Kind<T>): readonly T[] {
    const kept = this.fit(what, placed, kind)
    if (kept.length > 0 || placed.length === 0) return kept
    throw new UserError('allTooLong', {
      what: message(TRAINED_ON[what]),
      key: `training.${this.#stage}.max_length`,
      max_length: this.#maxLength ?? this.#positions,
    })
  }

  /** Reports what was cut or dropped. */
  tell(say: Say): void {
    for (const { what, of, cut, dropped, max_length } of this.truncations) {
      say('truncated', {
        what: message(TRAINED_ON[what]),
        of,
        cut,
        dropped,
        max_length,
        key: `training.${this.#stage}.max_length`,
      })
    }
  }
}

/** The line on a training's result, with what `max_length` cut or dropped of its data. */
export function withTruncations(line: Message, truncations: readonly Truncation[]): Message {
  const [first] = truncations
  if (first === undefined) return line
  const sum = (key: 'cut' | 'dropped') => truncations.reduce((all, one) => all + one[key], 0)
  return message('lineTruncated', { line, cut: sum('cut'), dropped: sum('dropped'), max_length: first.max_length })
}
