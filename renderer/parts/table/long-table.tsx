/** A table of any length. Only visible rows are drawn. One row is chosen; arrows, J and K move the choice. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useId, useMemo, useRef } from 'react'
import { useKeys } from '../keys.ts'
import { type Column, leftsOf } from './column.ts'
import { ColumnHead } from './column-head.tsx'
import classes from './long-table.module.css'
import { placeAfter } from './moves.ts'
import type { Order } from './order.ts'
import { ROW_HEIGHT, TableRow } from './table-row.tsx'

interface Props<Row> {
  readonly name: string
  /** Must be the same object at every drawing, or all rows are drawn again. */
  readonly columns: readonly Column<Row>[]
  readonly total: number
  readonly rowAt: (index: number) => Row | undefined
  readonly onRange: (first: number, last: number) => void
  /** The place of the chosen row; -1 where none is chosen. */
  readonly chosen: number
  readonly onChoose: (index: number) => void
  readonly order?: Order
  readonly onOrder?: (order: Order) => void
  /** Whether a row is shown faintly, as dropped and deleted ones are. */
  readonly faint?: (row: Row) => boolean
}

export function LongTable<Row>(props: Props<Row>) {
  const { name, columns, total, rowAt, onRange, chosen, onChoose, order, onOrder, faint } = props
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const { items, first, last, height } = useRowsInSight(scroller, total, chosen, onRange)
  useOrderInSight(scroller, order?.by)
  const move = useMoves(scroller, chosen, total, onChoose)
  const choose = useStableCallback(onChoose)
  const tracks = columns.map(({ width }) => width).join(' ')
  const lefts = useMemo(() => leftsOf(columns), [columns])
  return (
    <div ref={scroller} className={classes.scroller}>
      <table
        className={classes.table}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows can be chosen is a grid
        role="grid"
        aria-label={name}
        aria-rowcount={total + 1}
        aria-activedescendant={chosen >= first && chosen <= last ? `${id}-${chosen}` : undefined}
        tabIndex={0}
        onKeyDown={move}
      >
        <thead>
          <tr className={classes.head} aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
            {columns.map((column, at) => (
              <ColumnHead key={column.id} column={column} left={lefts[at]} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody className={classes.body} style={{ height }}>
          {items.map(({ index, start, key }) => {
            const row = rowAt(index)
            return (
              <TableRow
                key={key}
                id={`${id}-${index}`}
                index={index}
                row={row}
                columns={columns}
                tracks={tracks}
                lefts={lefts}
                top={start}
                chosen={index === chosen}
                faint={row !== undefined && faint?.(row) === true}
                onChoose={choose}
              />
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

type Scroller = RefObject<HTMLDivElement | null>

/**
 * The drawn rows and the height of all rows together. Scrolls to the chosen row, and reports which rows are visible.
 */
function useRowsInSight(
  scroller: Scroller,
  total: number,
  chosen: number,
  onRange: (first: number, last: number) => void,
) {
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    // The head takes the height of one row.
    scrollPaddingEnd: ROW_HEIGHT,
    // Rows that come into view are drawn with all else that waits, not each time at once.
    useFlushSync: false,
  })
  const items = rows.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => onRange(first, last), [onRange, first, last])
  // A row that was chosen without the mouse may be out of view.
  useEffect(() => {
    if (chosen >= 0) rows.scrollToIndex(chosen)
  }, [rows, chosen])
  return { items, first, last, height: rows.getTotalSize() }
}

/** Scrolls to the column by which the table is sorted, where the table is wider than its place. */
function useOrderInSight(scroller: Scroller, by: string | undefined): void {
  useEffect(() => {
    if (by === undefined) return
    scroller.current?.querySelector('[aria-sort$="scending"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [scroller, by])
}

/**
 * J and K move the choice wherever the focus is. The returned handler moves it by the other keys while the table has
 * the focus.
 */
function useMoves(
  scroller: Scroller,
  chosen: number,
  total: number,
  onChoose: (index: number) => void,
): (event: KeyboardEvent) => void {
  const move = (key: string): boolean => {
    const height = scroller.current?.clientHeight ?? ROW_HEIGHT
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1)
    const to = placeAfter(key, { chosen, total, page })
    if (to !== undefined) onChoose(to)
    return to !== undefined
  }
  useKeys([
    ['J', () => move('ArrowDown')],
    ['K', () => move('ArrowUp')],
  ])
  return (event) => {
    if (move(event.key)) event.preventDefault()
  }
}

/**
 * A function that stays the same between drawings and calls the latest `onChoose`, so that rows are not drawn again.
 */
function useStableCallback(onChoose: (index: number) => void): (index: number) => void {
  const latest = useRef(onChoose)
  useEffect(() => {
    latest.current = onChoose
  })
  return useCallback((index) => latest.current(index), [])
}
