/** The head of a column. It is a button where the lab can sort by the column. */
import type { Column } from './column.ts'
import classes from './long-table.module.css'
import type { Order } from './order.ts'
import { SortButton, sortOf } from './sort-button.tsx'

interface Props<Row> {
  readonly column: Column<Row>
  readonly left: number | undefined
  readonly order: Order | undefined
  readonly onOrder: ((order: Order) => void) | undefined
}

export function ColumnHead<Row>({ column, left, order, onOrder }: Props<Row>) {
  const { id, label, hidden, number, sortable, sticky } = column
  const className = number === true ? classes.numeric : classes.cell
  if (sortable !== true || onOrder === undefined) {
    return (
      <th scope="col" className={className} data-sticky={sticky} style={{ left }}>
        {hidden === true ? <span className="hidden-words">{label}</span> : label}
      </th>
    )
  }
  return (
    <th scope="col" className={className} data-sticky={sticky} style={{ left }} aria-sort={sortOf(id, order)}>
      <SortButton id={id} label={label} order={order} onOrder={onOrder} />
    </th>
  )
}
