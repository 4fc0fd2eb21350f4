/** Random choices from a seeded stream, so that a seed gives the same text on every machine. */
import { uniformStream } from '../../main/engine/random.ts'

export interface Random {
  /** In [0, 1). */
  next(): number
  /** Integer in [low, high]. */
  integer(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** `count` different items (all of them when there are fewer), in random order. */
  sample<T>(items: readonly T[], count: number): T[]
}

export function createRandom(seed: number): Random {
  const next = uniformStream(seed)
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    sample: (items, count) => {
      const rest = [...items]
      const wanted = Math.min(count, rest.length)
      for (let i = 0; i < wanted; i++) {
        const j = integer(i, rest.length - 1)
        ;[rest[i], rest[j]] = [rest[j]!, rest[i]!]
      }
      return rest.slice(0, wanted)
    },
  }
}
