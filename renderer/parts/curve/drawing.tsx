/** The chart itself: axes, lines, what is pointed at, and the part that is about to be zoomed into. */
import { memo, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  type MouseHandlerDataParam,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  useActiveTooltipLabel,
  usePlotArea,
  useXAxisScale,
  XAxis,
  YAxis,
} from 'recharts'
import { create, type StoreApi, type UseBoundStore } from 'zustand'
import { metric } from '../figures.ts'
import classes from './curve.module.css'
import { point, useHover } from './hover.ts'
import { Reading } from './reading.tsx'
import { type Drawn, type Range, rowsOf } from './series.ts'

/** A step worth an upright line, and a word that says why. */
export interface Mark {
  readonly step: number
  readonly word: string
}

interface Props {
  readonly id: string
  readonly series: readonly Drawn[]
  readonly log: boolean
  readonly range: Range | null
  readonly onRange: ((range: Range | null) => void) | undefined
  readonly level: number | undefined
  readonly share: boolean
  readonly mark: Mark | undefined
  readonly height: number
}

/** Steps between which the mouse has been drawn so far; null while it is not. */
type Drag = UseBoundStore<StoreApi<{ readonly drag: Range | null }>>

export const Drawing = memo(function Drawing({ id, series, log, range, onRange, level, share, mark, height }: Props) {
  const { t } = useTranslation()
  const [dragging] = useState<Drag>(() => create<{ readonly drag: Range | null }>(() => ({ drag: null })))
  const rows = useMemo(() => rowsOf(series, log), [series, log])
  const step = ({ activeLabel }: MouseHandlerDataParam) => (activeLabel === undefined ? null : Number(activeLabel))
  const finish = () => {
    const { drag } = dragging.getState()
    if (drag !== null && drag[0] !== drag[1]) onRange?.([Math.min(...drag), Math.max(...drag)])
    dragging.setState({ drag: null })
  }
  useEffect(() => () => point(id, null), [id])
  return (
    <ResponsiveContainer width="100%" height={height}>
      <ComposedChart
        data={rows}
        margin={{ top: 6, right: 12, bottom: 0, left: 0 }}
        accessibilityLayer={false}
        onMouseDown={(at) => {
          if (onRange === undefined) return
          const from = step(at)
          dragging.setState({ drag: from === null ? null : [from, from] })
        }}
        onMouseMove={(at) => {
          const to = step(at)
          const { drag } = dragging.getState()
          if (drag !== null && to !== null) dragging.setState({ drag: [drag[0], to] })
        }}
        onMouseUp={finish}
        onDoubleClick={() => onRange?.(null)}
      >
        <CartesianGrid stroke="var(--line)" strokeDasharray="2 3" vertical={false} />
        <XAxis
          dataKey="step"
          allowDecimals={false}
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
          domain={share && !log ? ['auto', 1] : ['auto', 'auto']}
          allowDataOverflow={log}
          tickFormatter={metric}
          tick={{ fill: 'var(--soft)', fontSize: 12 }}
          tickLine={false}
          axisLine={false}
          tickCount={5}
        />
        {level !== undefined && <ReferenceLine y={level} stroke="var(--soft)" strokeWidth={1} />}
        {mark !== undefined && (
          <ReferenceLine
            x={mark.step}
            stroke="var(--ink)"
            strokeWidth={1}
            label={{ value: mark.word, position: 'insideTopRight', fill: 'var(--soft)', fontSize: 12 }}
          />
        )}
        {series.filter(hasBounds).map(({ id: line, colour }) => (
          <Area
            key={`${line} band`}
            dataKey={`${line} band`}
            stroke="none"
            fill={colour}
            fillOpacity={0.16}
            dot={false}
            activeDot={false}
            isAnimationActive={false}
            connectNulls
            legendType="none"
            tooltipType="none"
          />
        ))}
        {series.filter(isSmoothed).map(({ id: line, colour }) => (
          <Line
            key={`${line} raw`}
            dataKey={`${line} raw`}
            stroke={colour}
            strokeOpacity={0.25}
            strokeWidth={1}
            dot={false}
            activeDot={false}
            isAnimationActive={false}
            connectNulls
            legendType="none"
            tooltipType="none"
          />
        ))}
        {series.map(({ id: line, label, colour, dashed = false }) => (
          <Line
            key={line}
            dataKey={line}
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
        <Selection dragging={dragging} />
        <Pointer id={id} />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--soft)', strokeDasharray: '2 2' }}
          content={({ active, label: at, payload }) =>
            active === true && payload.length > 0 ? (
              <div className={`card ${classes.tip}`}>
                <b>{t('training.step', { step: at })}</b>
                {series.map((one) => (
                  <span key={one.id} className={classes.line}>
                    <i style={{ background: one.colour }} />
                    <span>{one.label}</span>
                    <Reading series={one} step={Number(at)} />
                  </span>
                ))}
              </div>
            ) : null
          }
        />
      </ComposedChart>
    </ResponsiveContainer>
  )
})

/** Whether points stand for many steps each: then their bounds are drawn behind the line, else the values themselves. */
const hasBounds = ({ bounds }: Drawn) => bounds !== null
const isSmoothed = ({ bounds, line, points }: Drawn) => bounds === null && line !== points

/** The part that is being chosen with the mouse. It is drawn by itself: the lines need not be drawn anew for it. */
function Selection({ dragging: useDrag }: { readonly dragging: Drag }) {
  const { drag } = useDrag()
  const plot = usePlotArea()
  const place = useXAxisScale()
  if (drag === null || plot === undefined || place === undefined) return null
  const [a, b] = [place(drag[0]), place(drag[1])]
  if (a === undefined || b === undefined || a === b) return null
  return (
    <rect
      x={Math.min(a, b)}
      width={Math.abs(a - b)}
      y={plot.y}
      height={plot.height}
      fill="var(--chosen)"
      fillOpacity={0.12}
    />
  )
}

/** Tells at which step somebody points here, and shows where they point in another chart. */
function Pointer({ id }: { readonly id: string }) {
  const label = useActiveTooltipLabel()
  const hover = useHover()
  const plot = usePlotArea()
  const place = useXAxisScale()
  const step = label === undefined ? null : Number(label)
  useEffect(() => point(id, step), [id, step])
  if (hover === null || hover.owner === id || plot === undefined) return null
  const x = place?.(hover.step)
  if (x === undefined || x < plot.x || x > plot.x + plot.width) return null
  return <line x1={x} x2={x} y1={plot.y} y2={plot.y + plot.height} stroke="var(--soft)" strokeDasharray="2 2" />
}
