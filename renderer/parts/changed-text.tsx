/** A long text that scrolls, with what has changed in it line by line. */
import classes from './changed-text.module.css'
import { lineDifferences, type Piece } from './differences.ts'

interface Props {
  readonly text: string
  /** The text as it was; null marks nothing. */
  readonly before: string | null
}

/** Elements by which screen readers tell removed and added text. */
const SIDES = { both: 'span', left: 'del', right: 'ins' } as const

export function ChangedText({ text, before }: Props) {
  const pieces: readonly Piece[] =
    before === null ? [{ text, side: 'both' }] : lineDifferences(`${before}\n`, `${text}\n`)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre className={`mono wrap ${classes.text}`} tabIndex={0}>
      {pieces.map((piece, at) => {
        const Side = SIDES[piece.side]
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no key but their place
          <Side key={at} className={classes[piece.side]}>
            {piece.text}
          </Side>
        )
      })}
    </pre>
  )
}
