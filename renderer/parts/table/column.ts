/** The columns of a long table, and their positions. */
import type { ReactNode } from 'react'

export interface Column<Row> {
  readonly id: string
  readonly label: string
  /** Whether only screen readers get the label. */
  readonly hidden?: boolean
  /** A CSS grid track: '80px', 'minmax(120px, 1fr)'. */
  readonly width: string
  readonly number?: boolean
  /** Whether the lab can sort by this column. */
  readonly sortable?: boolean
  /**
   * Whether the column stays visible when the others scroll sideways. Only for the first columns, with a width in
   * pixels.
   */
  readonly sticky?: boolean
  readonly cell: (row: Row) => ReactNode
}

/** CSS pixels between two columns, and before the first. */
const GAP = 12

/** The distance of each sticky column from the left edge, in CSS pixels; undefined for columns that scroll. */
export function leftsOf(columns: readonly Pick<Column<unknown>, 'sticky' | 'width'>[]): (number | undefined)[] {
  let left = 0
  return columns.map(({ sticky, width }) => {
    const own = left
    left += Number.parseInt(width, 10) + GAP
    return sticky === true ? own : undefined
  })
}
