/** The rows of a long list, of which the lab sends a page at a time. Only pages with visible rows are fetched. */
import { keepPreviousData, useQueries } from '@tanstack/react-query'
import { startTransition, useMemo, useState } from 'react'

const PAGE = 100

export interface Slice<Row> {
  readonly rows: readonly Row[]
  readonly total: number
}

export interface LongList<Row> {
  /** The number of rows; 0 until the lab has answered. */
  readonly total: number
  /** Whether the lab has answered. */
  readonly known: boolean
  readonly error: unknown
  /** The row at a place; undefined until it has arrived. */
  readonly rowAt: (index: number) => Row | undefined
  /** Reports which rows are visible. */
  readonly onRange: (first: number, last: number) => void
}

/**
 * The numbers of the pages with the rows from `first` to `last`, and 0 for the first page, which holds the length of
 * the list. Without it, a jump to rows that have not arrived would find an empty list and jump back.
 */
export function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first) / PAGE)
  const to = Math.floor(Math.max(0, last) / PAGE)
  const inSight = Array.from({ length: to - from + 1 }, (_, at) => from + at)
  return from === 0 ? inSight : [0, ...inSight]
}

/**
 * A list under `key`, which names everything that decides its content and order. `fetch` returns one page and the
 * length of the whole list.
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
      // The table shows its rows at once; the view around it, which asks for more of them, is drawn in the background.
      startTransition(() => setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]))),
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
