/** The value of a line at a step, as text. */
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { metric } from '../figures.ts'
import { type Along, placeWords } from './along.ts'
import classes from './curve.module.css'
import { type Drawn, valueAt } from './series.ts'

/**
 * "0.568 (raw 0.486)": the value of the drawn line and, where that is smoothed, the raw value; '–' before the line
 * begins.
 */
export function readingOf(t: TFunction, { line, points }: Drawn, step: number): string {
  const value = valueAt(line, step)
  if (value === null) return '–'
  const raw = line === points ? null : valueAt(points, step)
  return raw === null ? metric(value) : t('training.smoothed', { value: metric(value), raw: metric(raw) })
}

export function Reading({ series, step }: { readonly series: Drawn; readonly step: number }) {
  const { t } = useTranslation()
  return <b className="number">{readingOf(t, series, step)}</b>
}

interface ValuesProps {
  readonly series: readonly Drawn[]
  readonly along: Along
  readonly step: number
}

/** A card beside the mouse with the values of all lines at a place. */
export function StepValues({ series, along, step }: ValuesProps) {
  const { t } = useTranslation()
  return (
    <div className={`card ${classes.tip}`}>
      <b>{placeWords(t, along, step)}</b>
      {series.map((one) => (
        <span key={one.id} className={classes.line}>
          <i style={{ background: one.colour }} />
          <span>{one.label}</span>
          <Reading series={one} step={step} />
        </span>
      ))}
    </div>
  )
}
