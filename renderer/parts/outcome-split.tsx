/** A bar of the problems that two policies both played, split by who solved them. Its parts can be pressed. */
import { useTranslation } from 'react-i18next'
import classes from './outcome-split.module.css'

/** In the order of display. */
export const OUTCOMES = ['won', 'both', 'neither', 'lost'] as const
export type PairedKind = (typeof OUTCOMES)[number]

interface Props {
  readonly counts: Readonly<Record<PairedKind, number>>
  /** The label of a part, with its count. */
  readonly words: (kind: PairedKind) => string
  /** Opens the problems of a part. Without it the bar cannot be pressed. */
  readonly onKind?: (kind: PairedKind) => void
  /** The part whose problems are open. */
  readonly open?: PairedKind | undefined
}

export function OutcomeSplit({ counts, words, onKind, open }: Props) {
  const { t } = useTranslation()
  const shown = OUTCOMES.filter((kind) => counts[kind] > 0)
  if (onKind === undefined) {
    return (
      <div className={classes.split} role="img" aria-label={shown.map(words).join(t('app.between'))}>
        {shown.map((kind) => (
          <span key={kind} className={classes[kind]} style={{ flexGrow: counts[kind] }} title={words(kind)}>
            {counts[kind]}
          </span>
        ))}
      </div>
    )
  }
  return (
    <div className={classes.split}>
      {shown.map((kind) => (
        <button
          key={kind}
          type="button"
          className={classes[kind]}
          style={{ flexGrow: counts[kind] }}
          aria-label={words(kind)}
          aria-pressed={kind === open}
          title={words(kind)}
          onClick={() => onKind(kind)}
        >
          {counts[kind]}
        </button>
      ))}
    </div>
  )
}

/** The legend of the bar's parts. */
export function OutcomeLegend({ words }: { readonly words: (kind: PairedKind) => string }) {
  return (
    <p className={classes.legend}>
      {OUTCOMES.map((kind) => (
        <span key={kind}>
          <i className={classes[kind]} />
          {words(kind)}
        </span>
      ))}
    </p>
  )
}
