/**
 * The part of a chart that the keyboard works: a slider over the places along it. Screen readers read the values of each line as
 * it moves, and the other charts show theirs.
 */
import { type KeyboardEvent, type ReactNode, useEffect, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { type Along, placeWords } from './along.ts'
import classes from './curve.module.css'
import { point, usePointed } from './hover.ts'
import { plotMove } from './plot-keys.ts'
import { readingOf } from './reading.tsx'
import type { Drawn, Range } from './series.ts'

interface Props {
  readonly name: string
  /** The description that is read while no step is chosen. */
  readonly words: string
  readonly series: readonly Drawn[]
  readonly along: Along
  readonly range: Range | null
  readonly onRange: ((range: Range | null) => void) | undefined
  /** CSS pixels. */
  readonly height: number
  /** The drawing. */
  readonly children: ReactNode
}

export function Plot({ name, words, series, along, range, onRange, height, children }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const step = usePointed(id)
  useEffect(() => () => point(id, null), [id])
  const [first, last] = range ?? endsOf(series)
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const move = plotMove(event.key, { steps: stepsOf(series), range: [first, last], step })
    if (move === undefined) return
    event.preventDefault()
    event.stopPropagation()
    if (move === null) return
    if ('point' in move) point(id, move.point)
    else onRange?.(move.zoom)
  }
  const told =
    step === null
      ? words
      : [placeWords(t, along, step), ...series.map((one) => `${one.label} ${readingOf(t, one, step)}`)].join(
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

/** The steps of the longest line. */
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
