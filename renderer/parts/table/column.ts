/** The columns of a long table, and where they stand. */
import type { ReactNode } from 'react'

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

/** Between two columns, and before the first, in CSS pixels. */
const GAP = 12

/** How far from the left edge the sticky columns stand, in CSS pixels; undefined for those that scroll. */
export function leftsOf(columns: readonly Pick<Column<unknown>, 'sticky' | 'width'>[]): (number | undefined)[] {
  let left = 0
  return columns.map(({ sticky, width }) => {
    const own = left
    left += Number.parseInt(width, 10) + GAP
    return sticky === true ? own : undefined
  })
}
