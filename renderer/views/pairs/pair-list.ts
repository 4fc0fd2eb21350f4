/** The list of a round's pairs, and the open one. Filter, search and pair are kept in the address. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Round } from '../../lab.ts'
import { usePlace } from '../../location.ts'
import { useAddress, useKnownChoice } from '../../parts/address.ts'
import { numberIn } from '../../parts/number-in.ts'
import type { Order } from '../../parts/table/order.ts'
import { type LongList, useLongList } from '../../parts/table/slices.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { type Chosen, placeOf } from './chosen.ts'
import { filterOf, type PairFilter, sortOf } from './filter.ts'
import type { PairBrief } from './pair-query.ts'
import { pairQuery } from './pair-query.ts'

export interface PairList {
  /** The listed pairs, as the lab finds them. */
  readonly filter: PairFilter
  readonly rows: LongList<PairBrief>
  readonly order: Order
  readonly sortBy: (order: Order) => void
  readonly search: string
  readonly setSearch: (text: string) => void
  /** The place of the open pair in the list; -1 where the list does not contain it. */
  readonly at: number
  /** The open pair; undefined where none is open. */
  readonly open: number | undefined
  /** Opens the pair at a place of the list. While another pair is being edited, it refuses and says so. */
  readonly go: (place: number) => void
  /** Goes to a pair anywhere in the list, or shows it alone where the filter hides it. Reports why it cannot. */
  readonly show: (id: number, order?: Order) => Promise<void>
  /** Opens the first pair, when the list has changed. */
  readonly toFirst: () => void
}

const FIRST: Chosen = { at: 0, id: undefined }
/** Milliseconds that a typed text or an open pair must stay before the lab or the address is updated. */
const REST = 250

/** `editing` is the pair that is being edited. It stays open until it is saved, whatever the list shows. */
export function usePairList(round: Round, editing: number | null): PairList {
  const { t } = useTranslation()
  const { query } = usePlace()
  const [order, setOrder] = useState<Order>({ by: 'id', descending: false })
  const [search, setSearch] = useState(query.search ?? '')
  const [searched] = useDebouncedValue(search, REST)
  const [chosen, setChosen] = useState<Chosen>(chosenIn(query.pair))
  const filter = filterOf(round, query, searched)
  const rows = useLongList<PairBrief>(['pairs', 'list', filter, order], (slice) =>
    lab.pairs.list.query({ ...filter, ...slice, ...sortOf(order) }),
  )
  const at = placeOf(chosen, rows.total, (place) => rows.rowAt(place)?.id)
  const open = editing ?? rows.rowAt(at)?.id ?? chosen.id
  usePrefetched([at + 1, at - 1, at + 2].map((place) => rows.rowAt(place)?.id))
  const go = (place: number) => {
    if (editing === null) setChosen({ at: place, id: rows.rowAt(place)?.id })
    else tell(t('pairs.stillEditing', { id: editing }))
  }
  const show = async (id: number, by = order) => {
    try {
      const place = await lab.pairs.place.query({ ...filter, ...sortOf(by), id })
      setChosen({ at: place ?? -1, id })
    } catch (error) {
      tellError(error)
    }
  }
  const toFirst = () => setChosen(FIRST)
  useKnownChoice('pair', numberIn(query.pair) === undefined ? [] : undefined)
  const [rested] = useDebouncedValue(open, REST)
  useAddress('search', searched, setSearch)
  useAddress('pair', rested?.toString(), (pair) => {
    const id = numberIn(pair)
    if (id === undefined) toFirst()
    else void show(id)
  })
  return { filter, rows, order, sortBy: setOrder, search, setSearch, at, open, go, show, toFirst }
}

/** The pair that the address names, wherever it stands in the list; else the first one. */
function chosenIn(pair: string | undefined): Chosen {
  const id = numberIn(pair)
  return id === undefined ? FIRST : { at: -1, id }
}

/** Fetches these pairs in advance. */
function usePrefetched(ids: readonly (number | undefined)[]): void {
  const client = useQueryClient()
  const wanted = ids.filter((id) => id !== undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is new at each drawing; only its content counts
  useEffect(() => {
    for (const id of wanted) void client.prefetchQuery(pairQuery(id))
  }, [client, wanted.join(' ')])
}
