/** What two texts share and where they differ, by words or by lines. */
import { diffLines, diffWordsWithSpace } from 'diff'

export interface Piece {
  readonly text: string
  /** Where it stands: in both, or in one of them. */
  readonly side: 'both' | 'left' | 'right'
}

/** Words of `left` and `right` in reading order; the pieces of a side join to that side's text. */
export function wordDifferences(left: string, right: string): Piece[] {
  return diffWordsWithSpace(left, right).map(piece)
}

/** The same by whole lines: for pages. */
export function lineDifferences(left: string, right: string): Piece[] {
  return diffLines(left, right).map(piece)
}

function piece({ value, added, removed }: { value: string; added: boolean; removed: boolean }): Piece {
  return { text: value, side: added ? 'right' : removed ? 'left' : 'both' }
}
