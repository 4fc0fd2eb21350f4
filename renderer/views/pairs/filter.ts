/** Which pairs of a round are listed, and in which order. */
import type { lab } from '../../api.ts'
import type { Round } from '../../lab.ts'
import type { Place } from '../../location.ts'
import type { Order } from '../../parts/table/order.ts'

type ListInput = Parameters<typeof lab.pairs.list.query>[0]
export type PairFilter = Pick<ListInput, 'run' | 'round' | 'task' | 'state' | 'search'>

export const PAIR_STATES = ['unreviewed', 'reviewed', 'kept', 'dropped', 'swapped', 'edited', 'noted'] as const

/** The state that an address names; undefined where it names none or an unknown one. */
export function stateIn({ state }: Place['query']): (typeof PAIR_STATES)[number] | undefined {
  return PAIR_STATES.find((one) => one === state)
}

/** The filter from the address and the search text. */
export function filterOf({ run, round }: Round, query: Place['query'], search: string): PairFilter {
  const { task } = query
  const state = stateIn(query)
  return {
    run,
    round,
    ...(task === undefined ? {} : { task }),
    ...(state === undefined ? {} : { state }),
    ...(search === '' ? {} : { search }),
  }
}

/** The table's order as the lab's list takes it. Every sortable column has the name of one of the list's orders. */
export function sortOf({ by, descending }: Order): Pick<ListInput, 'sort' | 'descending'> {
  return { sort: by as NonNullable<ListInput['sort']>, descending }
}
