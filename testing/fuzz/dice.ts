/** Seeded chance for mutations. */
import { createHash } from 'node:crypto'
import { uniformStream } from '../../main/engine/random.ts'

export interface Dice {
  /** A whole number from 0 to `below` - 1. */
  whole(below: number): number
  pick<Value>(values: readonly Value[]): Value
  chance(probability: number): boolean
}

/** The same words give the same dice on every machine. */
export function diceOf(...words: readonly (string | number)[]): Dice {
  const next = uniformStream(createHash('sha256').update(words.join(' ')).digest().readUInt32LE(0))
  const whole = (below: number) => Math.floor(next() * below)
  return {
    whole,
    pick<Value>(values: readonly Value[]): Value {
      if (values.length === 0) throw new Error('nothing to pick from')
      return values[whole(values.length)] as Value
    },
    chance: (probability) => next() < probability,
  }
}
