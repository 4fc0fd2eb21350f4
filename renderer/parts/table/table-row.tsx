/** A row of a long table. */
import { memo, type ReactNode } from 'react'
import type { Column } from './column.ts'
import classes from './long-table.module.css'

/** Height of a row in CSS pixels. */
export const ROW_HEIGHT = 34

interface Props<Row> {
  readonly id: string
  readonly index: number
  /** undefined until it has arrived. */
  readonly row: Row | undefined
  readonly columns: readonly Column<Row>[]
  readonly tracks: string
  /** The left positions of the sticky columns. */
  readonly lefts: readonly (number | undefined)[]
  /** CSS pixels below the first row. */
  readonly top: number
  readonly chosen: boolean
  readonly faint: boolean
  readonly onChoose: (index: number) => void
}

/** A row. Scrolling moves existing rows and draws only those that come into view. */
export const TableRow = memo(function TableRow<Row>(props: Props<Row>) {
  const { id, index, row, columns, tracks, lefts, top, chosen, faint, onChoose } = props
  return (
    <tr
      id={id}
      className={classes.row}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      data-faint={faint || undefined}
      style={{ gridTemplateColumns: tracks, height: ROW_HEIGHT, transform: `translateY(${top}px)` }}
      onClick={() => onChoose(index)}
    >
      {columns.map((column, at) => {
        const content = row === undefined ? '·' : column.cell(row)
        return (
          <td
            key={column.id}
            className={column.number === true ? classes.numeric : classes.cell}
            data-sticky={column.sticky}
            style={{ left: lefts[at] }}
            // Shows text that is cut off in full.
            title={typeof content === 'string' ? content : undefined}
          >
            {content}
          </td>
        )
      })}
    </tr>
  )
}) as <Row>(props: Props<Row>) => ReactNode
