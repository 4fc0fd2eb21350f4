/** Which pairs of a round are listed, and in which order. */
import type { lab } from '../../api.ts'
import type { Round } from '../../lab.ts'
import type { Place } from '../../location.ts'
import { LONGEST_SEARCH } from '../../parts/longest-search.ts'
import type { Order } from '../../parts/table/order.ts'

type ListInput = Parameters<typeof lab.pairs.list.query>[0]
export type PairFilter = Pick<ListInput, 'run' | 'round' | 'task' | 'state' | 'annotator' | 'search'>

const PAIR_STATES = ['unreviewed', 'reviewed', 'kept', 'dropped', 'swapped', 'edited', 'noted'] as const

/** The states of an annotator's judgements, which are kept apart from the review. */
const JUDGED_STATES = ['unreviewed', 'reviewed', 'kept', 'dropped', 'swapped'] as const

/** The annotator whom an address names, in as many letters as the lab takes; undefined where it names none. */
export function annotatorIn({ as: annotator = '' }: Place['query']): string | undefined {
  return annotator.trim().slice(0, 60).trim() || undefined
}

/** The states that whoever judges can choose: the reviewer, or the annotator whom the address names. */
export function statesFor(query: Place['query']): readonly (typeof PAIR_STATES)[number][] {
  return annotatorIn(query) === undefined ? PAIR_STATES : JUDGED_STATES
}

/** The state that an address names; undefined where it names none or an unknown one. */
export function stateIn(query: Place['query']): (typeof PAIR_STATES)[number] | undefined {
  return statesFor(query).find((one) => one === query.state)
}

/** The filter from the address and the search text. */
export function filterOf({ run, round }: Round, query: Place['query'], search: string): PairFilter {
  const { task } = query
  const annotator = annotatorIn(query)
  const state = stateIn(query)
  return {
    run,
    round,
    ...(task === undefined ? {} : { task }),
    ...(state === undefined ? {} : { state }),
    ...(annotator === undefined ? {} : { annotator }),
    ...(search === '' ? {} : { search: search.slice(0, LONGEST_SEARCH) }),
  }
}

/** The table's order as the lab's list takes it. Every sortable column has the name of one of the list's orders. */
export function sortOf({ by, descending }: Order): Pick<ListInput, 'sort' | 'descending'> {
  return { sort: by as NonNullable<ListInput['sort']>, descending }
}
