/** Queries for pairs: a list, and one pair with its details. */
import { queryOptions } from '@tanstack/react-query'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'

/** A pair of a list. */
export type PairBrief = Answers['pairs']['list']['rows'][number]

/** A pair with the two attempts that it comes from. */
export function pairQuery(id: number) {
  return queryOptions({ queryKey: ['pair', id], queryFn: () => lab.pairs.get.query({ id }) })
}
