/** By which column a table is in order. */

export interface Order {
  /** The id of the column. */
  readonly by: string
  readonly descending: boolean
}

/** The order after a press on a column's head: ascending, or turned round where the table is in that order already. */
export function orderAfter(order: Order | undefined, column: string): Order {
  return { by: column, descending: order?.by === column && !order.descending }
}
