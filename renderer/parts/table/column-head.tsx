/** The head of a column. It is a button where the lab can sort by the column. */
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { Column } from './column.ts'
import classes from './long-table.module.css'
import { type Order, orderAfter } from './order.ts'

interface Props<Row> {
  readonly column: Column<Row>
  readonly left: number | undefined
  readonly order: Order | undefined
  readonly onOrder: ((order: Order) => void) | undefined
}

export function ColumnHead<Row>({ column, left, order, onOrder }: Props<Row>) {
  const { id, label, hidden, number, sortable, sticky } = column
  const sorted = order?.by === id
  const className = number === true ? classes.numeric : classes.cell
  if (sortable !== true || onOrder === undefined) {
    return (
      <th scope="col" className={className} data-sticky={sticky} style={{ left }}>
        {hidden === true ? <span className="hidden-words">{label}</span> : label}
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
      <button type="button" className={classes.sort} onClick={() => onOrder(orderAfter(order, id))}>
        {label}
        {sorted && (order.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
      </button>
    </th>
  )
}
