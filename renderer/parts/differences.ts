/** The common and the differing parts of two texts, by words or by lines. */
import { diffLines, diffWordsWithSpace } from 'diff'

export interface Piece {
  readonly text: string
  /** Which text has this piece. */
  readonly side: 'both' | 'left' | 'right'
}

/** The words of both texts in reading order. Joined, the pieces of one side give that side's text. */
export function wordDifferences(left: string, right: string): Piece[] {
  return diffWordsWithSpace(left, right).map(piece)
}

/** The same by whole lines, for pages. */
export function lineDifferences(left: string, right: string): Piece[] {
  return diffLines(left, right).map(piece)
}

function piece({ value, added, removed }: { value: string; added: boolean; removed: boolean }): Piece {
  return { text: value, side: added ? 'right' : removed ? 'left' : 'both' }
}
