/** Moves the choice in a table by keyboard. */

interface Table {
  /** The place of the chosen row; -1 where none is chosen. */
  readonly chosen: number
  readonly total: number
  /** Rows that a page key moves over. */
  readonly page: number
}

/** The place after a key; undefined where the key moves nothing. */
export function placeAfter(key: string, { chosen, total, page }: Table): number | undefined {
  if (total === 0) return undefined
  const to = {
    ArrowDown: chosen + 1,
    ArrowUp: chosen - 1,
    PageDown: chosen + page,
    PageUp: chosen - page,
    Home: 0,
    End: total - 1,
  }[key]
  return to === undefined ? undefined : Math.max(0, Math.min(total - 1, to))
}
