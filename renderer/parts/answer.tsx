/** A completion as thought and action, with the words marked in which it differs from another one. */

import classes from './answer.module.css'
import { type Piece, wordDifferences } from './differences.ts'

interface Props {
  readonly text: string
  /** The answer it is held against; null shows it plain. */
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
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name than their place
          <mark key={at} className={classes.mark}>
            {piece.text}
          </mark>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name than their place
          <span key={at}>{piece.text}</span>
        ),
      )}
    </div>
  )
}
