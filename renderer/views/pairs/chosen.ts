/**
 * Finds the open pair in the list. Its id identifies it, because the list grows and shrinks while pairs are reviewed.
 */

export interface Chosen {
  /** Its place in the list; -1 where the list does not show it. */
  readonly at: number
  /** undefined until the lab has sent the pair at this place. */
  readonly id: number | undefined
}

/** How far a pair may have moved. Nobody reviews more pairs than this before the list is updated. */
const REACH = 100

/** The chosen pair's present place. Where the pair has left the list, its old place, or the list's last. */
export function placeOf({ at, id }: Chosen, total: number, idAt: (place: number) => number | undefined): number {
  for (let off = 0; id !== undefined && off <= REACH; off++) {
    const found = [at - off, at + off].find((place) => place >= 0 && idAt(place) === id)
    if (found !== undefined) return found
  }
  return Math.min(at, Math.max(0, total - 1))
}
