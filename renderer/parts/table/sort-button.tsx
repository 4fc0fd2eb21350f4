/** The button in the head of a column by which a table can be sorted. */
import { ArrowDown, ArrowUp } from 'lucide-react'
import classes from './long-table.module.css'
import { type Order, orderAfter } from './order.ts'

interface Props {
  /** The id of the column. */
  readonly id: string
  readonly label: string
  readonly order: Order | undefined
  readonly onOrder: (order: Order) => void
}

export function SortButton({ id, label, order, onOrder }: Props) {
  return (
    <button type="button" className={classes.sort} onClick={() => onOrder(orderAfter(order, id))}>
      {label}
      {order?.by === id && (order.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
    </button>
  )
}

/** What screen readers say of the column. */
export function sortOf(id: string, order: Order | undefined): 'ascending' | 'descending' | 'none' {
  return order?.by !== id ? 'none' : order.descending ? 'descending' : 'ascending'
}
