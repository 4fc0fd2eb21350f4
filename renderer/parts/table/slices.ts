/** Rows of a long list that the lab hands out a page at a time: only those in sight are asked for. */
import { keepPreviousData, useQueries } from '@tanstack/react-query'
import { useMemo, useState } from 'react'

const PAGE = 100

export interface Slice<Row> {
  readonly rows: readonly Row[]
  readonly total: number
}

export interface LongList<Row> {
  /** How many there are; 0 until the lab has answered. */
  readonly total: number
  /** Whether the lab has answered at all. */
  readonly known: boolean
  readonly error: unknown
  /** The row at a place; undefined while it is on its way. */
  readonly rowAt: (index: number) => Row | undefined
  /** Tells which rows are in sight. */
  readonly onRange: (first: number, last: number) => void
}

/**
 * The numbers of the pages that hold the rows from `first` to `last`, and before them that of the first page, which says
 * how long the list is. Without it a jump to rows that are still on their way would find a list of none, and jump back.
 */
export function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first) / PAGE)
  const to = Math.floor(Math.max(0, last) / PAGE)
  const inSight = Array.from({ length: to - from + 1 }, (_, at) => from + at)
  return from === 0 ? inSight : [0, ...inSight]
}

/**
 * A list under `key`, which names everything that decides its content and order. `fetch` answers a page of it and how
 * long the whole list is.
 */
export function useLongList<Row>(
  key: readonly unknown[],
  fetch: (slice: { offset: number; limit: number }) => Promise<Slice<Row>>,
): LongList<Row> {
  const [range, setRange] = useState<readonly [number, number]>([0, 0])
  const pages = pagesOf(...range)
  const answers = useQueries({
    queries: pages.map((page) => ({
      queryKey: [...key, page],
      queryFn: () => fetch({ offset: page * PAGE, limit: PAGE }),
      placeholderData: keepPreviousData,
    })),
  })
  const first = answers.find(({ data }) => data !== undefined)?.data
  const onRange = useMemo(
    () => (from: number, to: number) =>
      setRange((before) => (before[0] === from && before[1] === to ? before : [from, to])),
    [],
  )
  return {
    total: first?.total ?? 0,
    known: first !== undefined,
    error: answers.find(({ error }) => error !== null)?.error ?? null,
    rowAt(index) {
      const at = pages.indexOf(Math.floor(index / PAGE))
      const answer = answers[at]
      return answer === undefined || answer.isPlaceholderData ? undefined : answer.data?.rows[index % PAGE]
    },
    onRange,
  }
}
