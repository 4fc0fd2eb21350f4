/** The order of a table. */

export interface Order {
  /** The id of the column. */
  readonly by: string
  readonly descending: boolean
}

/**
 * The order after a press on a column's head: ascending, or reversed where the table is already sorted by that column.
 */
export function orderAfter(order: Order | undefined, column: string): Order {
  return { by: column, descending: order?.by === column && !order.descending }
}
