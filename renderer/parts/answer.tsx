/** A completion as thought and action. Words that differ from another completion are marked. */

import classes from './answer.module.css'
import { type Piece, wordDifferences } from './differences.ts'

interface Props {
  readonly text: string
  /** The completion to compare with; null shows no marks. */
  readonly against: string | null
  readonly side: 'chosen' | 'rejected'
}

export function Answer({ text, against, side }: Props) {
  const pieces: readonly Piece[] =
    against === null
      ? [{ text, side: 'both' }]
      : wordDifferences(text, against).filter((piece) => piece.side !== 'right')
  return (
    <div className={`mono wrap ${classes.answer}`} data-side={side}>
      {pieces.map((piece, at) =>
        piece.side === 'left' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no key but their place
          <mark key={at} className={classes.mark}>
            {piece.text}
          </mark>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no key but their place
          <span key={at}>{piece.text}</span>
        ),
      )}
    </div>
  )
}
