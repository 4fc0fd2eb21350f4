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

/** A value by which a table is sorted; null where there is none. */
export type SortValue = string | number | null

/** Rows in order. Those without a value come last in both directions; equal ones stay as they are. */
export function ordered<R>(rows: readonly R[], read: (row: R) => SortValue, descending: boolean): R[] {
  const sign = descending ? -1 : 1
  return rows
    .map((row) => ({ row, value: read(row) }))
    .sort(({ value: a }, { value: b }) => {
      if (a === null || b === null) return Number(a === null) - Number(b === null)
      if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
      return sign * String(a).localeCompare(String(b), undefined, { numeric: true })
    })
    .map(({ row }) => row)
}

/** The order that an address names: a column, with a minus sign before it where it is descending. */
export function orderIn(text: string): Order {
  return text.startsWith('-') ? { by: text.slice(1), descending: true } : { by: text, descending: false }
}

export function orderText({ by, descending }: Order): string {
  return descending ? `-${by}` : by
}
