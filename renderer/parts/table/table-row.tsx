/** A row of a long table. */
import { memo, type ReactNode } from 'react'
import type { Column } from './column.ts'
import classes from './long-table.module.css'

/** Height of a row in CSS pixels. */
export const ROW_HEIGHT = 34

interface Props<Row> {
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

/** Scrolling moves the rows that are there and draws only those that come into sight. */
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
            // What is cut off can be read all the same.
            title={typeof content === 'string' ? content : undefined}
          >
            {content}
          </td>
        )
      })}
    </tr>
  )
}) as <Row>(props: Props<Row>) => ReactNode
