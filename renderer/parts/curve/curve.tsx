/** Curves over optimiser steps: smoothed in front of the raw ones, with hover and zoom. */
import { useComputedColorScheme } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  CartesianGrid,
  Line,
  LineChart,
  type MouseHandlerDataParam,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'
import { metric } from '../figures.ts'
import classes from './curve.module.css'
import { joinSeries, type Point, smooth } from './smooth.ts'

export interface Series {
  readonly id: string
  readonly label: string
  readonly colour: string
  readonly dashed?: boolean
  readonly points: readonly Point[]
}

export type Range = readonly [from: number, to: number]

interface Props {
  /** What is drawn, for those who cannot see it. */
  readonly name: string
  readonly series: readonly Series[]
  readonly smoothing: number
  readonly log?: boolean
  /** Steps shown; null for all. */
  readonly range: Range | null
  readonly onRange: (range: Range | null) => void
  /** A level worth a line: 0 for rewards, 0.5 for accuracy. */
  readonly level?: number
  readonly height?: number
  /** Charts with the same word move their hover line together. */
  readonly sync?: string
}

export function Curve({
  name,
  series,
  smoothing,
  log = false,
  range,
  onRange,
  level,
  height = 200,
  sync = 'steps',
}: Props) {
  const { t } = useTranslation()
  // Recharts writes colours into attributes; a change of scheme must draw them anew.
  const scheme = useComputedColorScheme('light')
  const [drag, setDrag] = useState<Range | null>(null)
  const rows = useMemo(() => {
    const shown = smoothing > 0
    const names = series.flatMap(({ id }) => (shown ? [id, `${id} raw`] : [id]))
    const lists = series.flatMap(({ points }) => (shown ? [smooth(points, smoothing), points] : [points]))
    const positive = (points: readonly Point[]): readonly Point[] =>
      log ? points.map(([step, value]) => [step, value !== null && value > 0 ? value : null]) : points
    return joinSeries(names, lists.map(positive))
  }, [series, smoothing, log])
  const step = ({ activeLabel }: MouseHandlerDataParam) => (activeLabel === undefined ? null : Number(activeLabel))
  const finish = () => {
    if (drag !== null && drag[0] !== drag[1]) onRange([Math.min(...drag), Math.max(...drag)])
    setDrag(null)
  }
  return (
    <figure className={classes.figure} aria-label={`${name}. ${summary(series)}`}>
      <ResponsiveContainer width="100%" height={height}>
        <LineChart
          key={scheme}
          data={rows}
          syncId={sync}
          syncMethod="value"
          margin={{ top: 6, right: 12, bottom: 0, left: 0 }}
          accessibilityLayer={false}
          onMouseDown={(at) => {
            const from = step(at)
            setDrag(from === null ? null : [from, from])
          }}
          onMouseMove={(at) => {
            const to = step(at)
            if (drag !== null && to !== null) setDrag([drag[0], to])
          }}
          onMouseUp={finish}
          onDoubleClick={() => onRange(null)}
        >
          <CartesianGrid stroke="var(--line)" strokeDasharray="2 3" vertical={false} />
          <XAxis
            dataKey="step"
            type="number"
            domain={range === null ? ['dataMin', 'dataMax'] : [...range]}
            allowDataOverflow
            tick={{ fill: 'var(--soft)', fontSize: 12 }}
            tickLine={false}
            axisLine={{ stroke: 'var(--line)' }}
            minTickGap={32}
          />
          <YAxis
            width={52}
            scale={log ? 'log' : 'auto'}
            domain={['auto', 'auto']}
            allowDataOverflow={log}
            tickFormatter={metric}
            tick={{ fill: 'var(--soft)', fontSize: 12 }}
            tickLine={false}
            axisLine={false}
            tickCount={5}
          />
          {level !== undefined && <ReferenceLine y={level} stroke="var(--soft)" strokeWidth={1} />}
          {smoothing > 0 &&
            series.map(({ id, colour }) => (
              <Line
                key={`${id} raw`}
                dataKey={`${id} raw`}
                stroke={colour}
                strokeOpacity={0.25}
                strokeWidth={1}
                dot={false}
                activeDot={false}
                isAnimationActive={false}
                connectNulls
                legendType="none"
              />
            ))}
          {series.map(({ id, label, colour, dashed = false }) => (
            <Line
              key={id}
              dataKey={id}
              name={label}
              stroke={colour}
              strokeWidth={2}
              strokeDasharray={dashed ? '5 4' : '0'}
              dot={rows.length === 1}
              activeDot={{ r: 3, strokeWidth: 0 }}
              isAnimationActive={false}
              connectNulls
            />
          ))}
          {drag !== null && drag[0] !== drag[1] && (
            <ReferenceArea x1={drag[0]} x2={drag[1]} fill="var(--chosen)" fillOpacity={0.12} />
          )}
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--soft)', strokeDasharray: '2 2' }}
            content={({ active, label, payload }) =>
              active === true && payload.length > 0 ? (
                <div className={`card ${classes.tip}`}>
                  <b>{t('training.step', { step: label })}</b>
                  {payload
                    .filter(({ dataKey }) => !String(dataKey).endsWith(' raw'))
                    .map(({ dataKey, name: words, value, color }) => (
                      <span key={String(dataKey)} className={classes.line}>
                        <i style={{ background: color }} />
                        <span>{words}</span>
                        <b>{typeof value === 'number' ? metric(value) : '–'}</b>
                      </span>
                    ))}
                </div>
              ) : null
            }
          />
        </LineChart>
      </ResponsiveContainer>
      <figcaption className={classes.legend}>
        {series.map(({ id, label, colour, dashed = false }) => (
          <span key={id}>
            <i style={{ borderTopColor: colour, borderTopStyle: dashed ? 'dashed' : 'solid' }} />
            {label}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

/** First and last value of each series, in words. */
function summary(series: readonly Series[]): string {
  return series
    .map(({ label, points }) => {
      const values = points.flatMap(([, value]) => (value === null ? [] : [value]))
      return values.length === 0 ? `${label}: –` : `${label}: ${metric(values[0]!)} → ${metric(values.at(-1)!)}`
    })
    .join('; ')
}
