/**
 * The part of a chart that is used by keyboard: a slider over the steps, so that what the lines have there is told as it
 * moves, and all other charts show theirs.
 */
import { type KeyboardEvent, type ReactNode, useEffect, useId } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './curve.module.css'
import { point, usePointed } from './hover.ts'
import { readingOf } from './reading.tsx'
import { type Drawn, type Range, zoomed } from './series.ts'

interface Props {
  readonly name: string
  /** What is told while nothing is pointed at. */
  readonly words: string
  readonly series: readonly Drawn[]
  readonly range: Range | null
  readonly onRange: ((range: Range | null) => void) | undefined
  /** CSS pixels. */
  readonly height: number
  /** The drawing. */
  readonly children: ReactNode
}

/** Steps that a page key moves over, as a share of those in sight. */
const LEAP = 10

export function Plot({ name, words, series, range, onRange, height, children }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const step = usePointed(id)
  useEffect(() => () => point(id, null), [id])
  const [first, last] = range ?? endsOf(series)
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const steps = stepsOf(series).filter((one) => one >= first && one <= last)
    const at = step === null ? -1 : steps.findLastIndex((one) => one <= step)
    const move = (to: number) => {
      const next = steps[Math.max(0, Math.min(steps.length - 1, to))]
      if (next !== undefined) point(id, next)
    }
    const zoom = (factor: number) => {
      const [from, to] = zoomed([first, last], step ?? (first + last) / 2, factor)
      if (from < to) onRange?.([from, to])
    }
    const leap = Math.ceil(steps.length / LEAP)
    const does: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => move(step === null ? steps.length - 1 : at - 1),
      ArrowRight: () => move(at + 1),
      PageDown: () => move(at - leap),
      PageUp: () => move(at + leap),
      Home: () => move(0),
      End: () => move(steps.length - 1),
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
      '0': () => onRange?.(null),
      Escape: () => onRange?.(null),
    }
    const act = does[event.key]
    if (act === undefined) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }
  const told =
    step === null
      ? words
      : [t('training.step', { step }), ...series.map((one) => `${one.label} ${readingOf(t, one, step)}`)].join(
          t('app.between'),
        )
  return (
    <>
      <div
        role="slider"
        tabIndex={0}
        className={classes.plot}
        style={{ height }}
        aria-label={name}
        aria-describedby={`${id}-keys`}
        aria-valuemin={first}
        aria-valuemax={last}
        aria-valuenow={step ?? first}
        aria-valuetext={told}
        onKeyDown={keys}
        onBlur={() => point(id, null)}
      >
        {children}
      </div>
      <span id={`${id}-keys`} hidden>
        {t(onRange === undefined ? 'training.keys' : 'training.zoomKeys')}
      </span>
    </>
  )
}

/** The steps of the line that has the most. */
function stepsOf(series: readonly Drawn[]): number[] {
  const longest = series.reduce<Drawn['points']>(
    (most, { points }) => (points.length > most.length ? points : most),
    [],
  )
  return longest.map(([step]) => step)
}

/** The first and the last step of all lines. */
function endsOf(series: readonly Drawn[]): Range {
  const firsts = series.flatMap(({ points }) => points[0]?.[0] ?? [])
  const lasts = series.flatMap(({ points }) => points.at(-1)?.[0] ?? [])
  return [Math.min(...firsts, Number.MAX_SAFE_INTEGER), Math.max(...lasts, 0)]
}
