/** Curves over optimiser steps, time or tokens, raw and smoothed, with hover and zoom. */
import { useComputedColorScheme } from '@mantine/core'
import type { TFunction } from 'i18next'
import { memo, useId, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { metric } from '../figures.ts'
import { useInSight } from '../in-sight.ts'
import type { Along } from './along.ts'
import { valueAxis } from './axis.ts'
import classes from './curve.module.css'
import { Drawing, type Mark } from './drawing.tsx'
import { useHover } from './hover.ts'
import { Plot } from './plot.tsx'
import { Reading } from './reading.tsx'
import { Save } from './save.tsx'
import { type Drawn, drawnOf, type Point, type Range, type Series } from './series.ts'
import { useInTurn } from './turns.ts'
import type { Unit } from './units.ts'

interface Props {
  /** The chart's name for screen readers. */
  readonly name: string
  readonly series: readonly Series[]
  /** What the places of the points are; by default steps. */
  readonly along?: Along
  /** The unit of the values. */
  readonly unit?: Unit | undefined
  readonly smoothing: number
  readonly log?: boolean
  /** Places shown; null for all. */
  readonly range: Range | null
  /** Called with a zoom. Without it the chart cannot be zoomed. */
  readonly onRange?: (range: Range | null) => void
  /** The value at which a level line is drawn, such as 0 for rewards and 0.5 for accuracy. */
  readonly level?: number
  /** Whether the values are shares: then the axis ends at 1. */
  readonly share?: boolean
  readonly mark?: Mark
  /** CSS pixels. */
  readonly height?: number
}

/**
 * A chart. Drawing one takes a good part of a frame, so the charts of a page are drawn in turn, visible ones first,
 * each with its latest data.
 */
export const Curve = memo(function Curve({
  name,
  series,
  along = 'step',
  unit,
  smoothing,
  log = false,
  range,
  onRange,
  level,
  share = false,
  mark,
  height = 200,
}: Props) {
  const { t } = useTranslation()
  const id = useId()
  const figure = useRef<HTMLElement>(null)
  // Recharts writes colours into attributes, so a change of colour scheme must draw the chart again.
  const scheme = useComputedColorScheme('light')
  const lines = useMemo(() => drawnOf(series, smoothing), [series, smoothing])
  const wanted = useMemo(
    () => ({ series: lines, along, log, range, level, share, mark, scheme }),
    [lines, along, log, range, level, share, mark, scheme],
  )
  const isSymmetrical = useMemo(() => log && valueAxis(lines, { log, share }).scale === 'symlog', [log, lines, share])
  const words = useMemo(() => summary(t, series), [t, series])
  const drawn = useInTurn(wanted, useInSight(figure))
  return (
    <figure ref={figure} className={classes.figure} aria-label={t('training.named', { name, words })}>
      <Plot name={name} words={words} series={lines} along={along} range={range} onRange={onRange} height={height}>
        {drawn !== null && <Drawing key={drawn.scheme} id={id} height={height} onRange={onRange} {...drawn} />}
      </Plot>
      <figcaption className={classes.legend}>
        {lines.map((one) => (
          <Label key={one.id} chart={id} series={one} />
        ))}
        <span className={classes.save}>
          <Save name={name} figure={figure} series={lines} range={range} along={along} unit={unit} />
        </span>
      </figcaption>
      {isSymmetrical && <p className={classes.below}>{t('training.symlog')}</p>}
    </figure>
  )
})

/** The name of a line, with its value while the pointer is over another chart. */
function Label({ chart, series }: { readonly chart: string; readonly series: Drawn }) {
  const hover = useHover()
  const { label, colour, dashed = false } = series
  return (
    <span>
      <i style={{ borderTopColor: colour, borderTopStyle: dashed ? 'dashed' : 'solid' }} />
      {label}
      {hover !== null && hover.owner !== chart && (
        <>
          {' '}
          <Reading series={series} step={hover.step} />
        </>
      )}
    </span>
  )
}

/** The first and last value of each series, in words. */
function summary(t: TFunction, series: readonly Series[]): string {
  return series
    .map(({ label, points }) => {
      const values = points.flatMap(([, value]: Point) => (value === null ? [] : [value]))
      const [first, last] = [values[0], values.at(-1)]
      if (first === undefined || last === undefined) return t('training.emptyLine', { label })
      return t('training.line', { label, first: metric(first), last: metric(last) })
    })
    .join(t('app.between'))
}
