/** Which pair of a list is open. It is known by its id: the list grows and shrinks under it while pairs are judged. */

export interface Chosen {
  /** Where it stood in the list; -1 for one that the list does not show. */
  readonly at: number
  /** undefined until the lab has answered which pair stands there. */
  readonly id: number | undefined
}

/** How far a pair may have moved: more than anybody judges before the lab's list has followed. */
const REACH = 100

/** The place of the chosen pair now; where it has left the list, the place that it had, as far as there is one. */
export function placeOf({ at, id }: Chosen, total: number, idAt: (place: number) => number | undefined): number {
  for (let off = 0; id !== undefined && off <= REACH; off++) {
    const found = [at - off, at + off].find((place) => place >= 0 && idAt(place) === id)
    if (found !== undefined) return found
  }
  return Math.min(at, Math.max(0, total - 1))
}
