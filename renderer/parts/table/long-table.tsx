/** A table of any length: only the rows in sight exist. One row is chosen; arrows, J and K move the choice. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type KeyboardEvent, memo, type ReactNode, useCallback, useEffect, useId, useMemo, useRef } from 'react'
import { useKeys } from '../keys.ts'
import classes from './long-table.module.css'

export interface Column<Row> {
  readonly id: string
  readonly label: string
  /** A CSS grid track: '80px', 'minmax(120px, 1fr)'. */
  readonly width: string
  readonly number?: boolean
  /** The lab can put the list in order by this column. */
  readonly sortable?: boolean
  /** Stays in sight when the others scroll sideways: for the first columns, of a width in pixels. */
  readonly sticky?: boolean
  readonly cell: (row: Row) => ReactNode
}

export interface Order {
  readonly by: string
  readonly descending: boolean
}

interface Props<Row> {
  readonly name: string
  /** The same object from one drawing to the next, or every row is drawn anew each time. */
  readonly columns: readonly Column<Row>[]
  readonly total: number
  readonly rowAt: (index: number) => Row | undefined
  readonly onRange: (first: number, last: number) => void
  /** The place of the chosen row; -1 where none is. */
  readonly chosen: number
  readonly onChoose: (index: number) => void
  readonly order?: Order
  readonly onOrder?: (order: Order) => void
  /** A row that is set back: dropped, deleted. */
  readonly faint?: (row: Row) => boolean
}

const ROW = 34
/** Between two columns, and before the first, in CSS pixels. */
const GAP = 12

export function LongTable<Row>({
  name,
  columns,
  total,
  rowAt,
  onRange,
  chosen,
  onChoose,
  order,
  onOrder,
  faint,
}: Props<Row>) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
    // The head stands above the rows.
    scrollPaddingEnd: ROW,
  })
  const latest = useRef(onChoose)
  useEffect(() => {
    latest.current = onChoose
  })
  const press = useCallback((index: number) => latest.current(index), [])
  const items = rows.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => onRange(first, last), [onRange, first, last])
  const move = (to: number) => {
    if (total === 0) return
    onChoose(Math.max(0, Math.min(total - 1, to)))
  }
  // Who was chosen by other means than the mouse may be out of sight.
  useEffect(() => {
    if (chosen >= 0) rows.scrollToIndex(chosen)
  }, [rows, chosen])
  // The list may be wider than its place: what it is in order by is what somebody wants to see.
  const by = order?.by
  useEffect(() => {
    if (by === undefined) return
    scroller.current?.querySelector('[aria-sort$="scending"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [by])
  useKeys([
    ['J', () => move(chosen + 1)],
    ['K', () => move(chosen - 1)],
  ])
  const keys = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1)
    const to = {
      ArrowDown: chosen + 1,
      ArrowUp: chosen - 1,
      PageDown: chosen + page,
      PageUp: chosen - page,
      Home: 0,
      End: total - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    move(to)
  }
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
        onKeyDown={keys}
      >
        <thead>
          <tr className={classes.head} aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
            {columns.map((column, at) => (
              <Head key={column.id} column={column} left={lefts[at]} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody className={classes.body} style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, start, key }) => {
            const row = rowAt(index)
            return (
              <Line
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
                onChoose={press}
              />
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

interface LineProps<Row> {
  readonly id: string
  readonly index: number
  /** undefined while it is on its way. */
  readonly row: Row | undefined
  readonly columns: readonly Column<Row>[]
  readonly tracks: string
  /** Where the columns that stay in sight stand. */
  readonly lefts: readonly (number | undefined)[]
  /** CSS pixels below the first row. */
  readonly top: number
  readonly chosen: boolean
  readonly faint: boolean
  readonly onChoose: (index: number) => void
}

/** A row. Scrolling moves what is there and draws only what comes into sight. */
const Line = memo(function Line<Row>({
  id,
  index,
  row,
  columns,
  tracks,
  lefts,
  top,
  chosen,
  faint,
  onChoose,
}: LineProps<Row>) {
  return (
    <tr
      id={id}
      className={classes.row}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      data-faint={faint || undefined}
      style={{ gridTemplateColumns: tracks, height: ROW, transform: `translateY(${top}px)` }}
      onClick={() => onChoose(index)}
    >
      {columns.map((column, at) => {
        const content = row === undefined ? '…' : column.cell(row)
        return (
          <td
            key={column.id}
            className={column.number === true ? classes.numeric : classes.cell}
            data-sticky={column.sticky}
            style={{ left: lefts[at] }}
            // What is cut off can be read all the same.
            title={typeof content === 'string' ? content : undefined}
          >
            {content}
          </td>
        )
      })}
    </tr>
  )
}) as <Row>(props: LineProps<Row>) => ReactNode

/** How far from the left edge the sticky columns stand, in CSS pixels. */
function leftsOf<Row>(columns: readonly Column<Row>[]): (number | undefined)[] {
  let left = 0
  return columns.map(({ sticky, width }) => {
    const own = left
    left += Number.parseInt(width, 10) + GAP
    return sticky === true ? own : undefined
  })
}

interface HeadProps<Row> {
  readonly column: Column<Row>
  readonly left: number | undefined
  readonly order: Order | undefined
  readonly onOrder: ((order: Order) => void) | undefined
}

function Head<Row>({ column: { id, label, number, sortable, sticky }, left, order, onOrder }: HeadProps<Row>) {
  const sorted = order?.by === id
  const className = number === true ? classes.numeric : classes.cell
  if (sortable !== true || onOrder === undefined) {
    return (
      <th scope="col" className={className} data-sticky={sticky} style={{ left }}>
        {label}
      </th>
    )
  }
  return (
    <th
      scope="col"
      className={className}
      data-sticky={sticky}
      style={{ left }}
      aria-sort={sorted ? (order.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        className={classes.sort}
        onClick={() => onOrder({ by: id, descending: sorted ? !order.descending : false })}
      >
        {label}
        {sorted && (order.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
      </button>
    </th>
  )
}
