/** Names that are unique on the page, so that a query has one answer. */
import type { Random } from '../random.ts'
import { word } from '../words.ts'

export type FreshName = (make: (random: Random) => string) => string

/** If every name tried is taken (there are few ways to say "Submit"), the name gets another word. */
export function createFreshNames(random: Random): FreshName {
  const used = new Set<string>()
  return (make) => {
    for (let tries = 0; ; tries++) {
      const name = tries < 8 ? make(random) : `${make(random)} ${word(random)}`
      const key = name.toLowerCase()
      if (used.has(key)) continue
      used.add(key)
      return name
    }
  }
}
