/** The chart itself: axes, lines, the marked step, and the range that is being chosen. */
import { memo, useEffect, useMemo } from 'react'
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'
import { metric } from '../figures.ts'
import { type Along, placeTicks, tickWords } from './along.ts'
import { type Axis, valueAxis } from './axis.ts'
import { useDrag } from './drag.ts'
import { point } from './hover.ts'
import { Pointer, Selection } from './overlays.tsx'
import { StepValues } from './reading.tsx'
import { type Drawn, type Range, rowsOf } from './series.ts'

/** A place that gets a vertical line with a label. */
export interface Mark {
  readonly step: number
  readonly word: string
}

interface Props {
  readonly id: string
  readonly series: readonly Drawn[]
  readonly along: Along
  readonly log: boolean
  readonly range: Range | null
  readonly onRange: ((range: Range | null) => void) | undefined
  readonly level: number | undefined
  readonly share: boolean
  readonly mark: Mark | undefined
  readonly height: number
}

export const Drawing = memo(function Drawing({
  id,
  series,
  along,
  log,
  range,
  onRange,
  level,
  share,
  mark,
  height,
}: Props) {
  const [dragging, handlers] = useDrag(onRange)
  const rows = useMemo(() => rowsOf(series), [series])
  const axis = useMemo(() => valueAxis(series, { log, share }), [series, log, share])
  useEffect(() => () => point(id, null), [id])
  return (
    <ResponsiveContainer width="100%" height={height}>
      <ComposedChart
        data={rows}
        margin={{ top: 6, right: 12, bottom: 0, left: 0 }}
        accessibilityLayer={false}
        {...handlers}
      >
        <CartesianGrid stroke="var(--line)" strokeDasharray="2 3" vertical={false} />
        <Places along={along} range={range ?? [Number(rows[0]?.step ?? 0), Number(rows.at(-1)?.step ?? 0)]} />
        <Values axis={axis} />
        {level !== undefined && <ReferenceLine y={level} stroke="var(--soft)" strokeWidth={1} />}
        {mark !== undefined && (
          <ReferenceLine
            x={mark.step}
            stroke="var(--ink)"
            strokeWidth={1}
            label={{ value: mark.word, position: 'insideTopRight', fill: 'var(--soft)', fontSize: 12 }}
          />
        )}
        <Bands series={series.filter(hasBounds)} />
        <RawLines series={series.filter(isSmoothed)} />
        <Lines series={series} dots={rows.length === 1} />
        <Selection dragging={dragging} />
        <Pointer id={id} />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--soft)', strokeDasharray: '2 2' }}
          content={({ active, label: at, payload }) =>
            active === true && payload.length > 0 ? (
              <StepValues series={series} along={along} step={Number(at)} />
            ) : null
          }
        />
      </ComposedChart>
    </ResponsiveContainer>
  )
})

function Places({ along, range }: { readonly along: Along; readonly range: Range }) {
  return (
    <XAxis
      dataKey="step"
      allowDecimals={false}
      type="number"
      domain={[...range]}
      ticks={placeTicks(range, along)}
      tickFormatter={(place: number) => tickWords(place, along, range[1])}
      allowDataOverflow
      tick={{ fill: 'var(--soft)', fontSize: 12 }}
      tickLine={false}
      axisLine={{ stroke: 'var(--line)' }}
      minTickGap={32}
    />
  )
}

function Values({ axis: { scale, domain, ticks } }: { readonly axis: Axis }) {
  return (
    <YAxis
      width={52}
      scale={scale}
      domain={[...domain]}
      ticks={[...ticks]}
      allowDataOverflow
      tickFormatter={metric}
      tick={{ fill: 'var(--soft)', fontSize: 12 }}
      tickLine={false}
      axisLine={false}
    />
  )
}

/** Whether each point stands for several steps. Then bounds are drawn behind the line, otherwise the raw values. */
const hasBounds = ({ bounds }: Drawn) => bounds !== null
const isSmoothed = ({ bounds, line, points }: Drawn) => bounds === null && line !== points

/** Props of the lines behind the others, which the pointer ignores. */
const BEHIND = {
  dot: false,
  activeDot: false,
  isAnimationActive: false,
  connectNulls: true,
  legendType: 'none',
  tooltipType: 'none',
} as const

function Bands({ series }: Pick<Props, 'series'>) {
  return series.map(({ id, colour }) => (
    <Area key={id} {...BEHIND} dataKey={`${id} band`} stroke="none" fill={colour} fillOpacity={0.16} />
  ))
}

function RawLines({ series }: Pick<Props, 'series'>) {
  return series.map(({ id, colour }) => (
    <Line key={id} {...BEHIND} dataKey={`${id} raw`} stroke={colour} strokeOpacity={0.25} strokeWidth={1} />
  ))
}

/** `dots`: draw points, without which a line of one point would be invisible. */
function Lines({ series, dots }: Pick<Props, 'series'> & { readonly dots: boolean }) {
  return series.map(({ id, label, colour, dashed = false }) => (
    <Line
      key={id}
      dataKey={id}
      name={label}
      stroke={colour}
      strokeWidth={2}
      strokeDasharray={dashed ? '5 4' : '0'}
      dot={dots}
      activeDot={{ r: 3, strokeWidth: 0 }}
      isAnimationActive={false}
      connectNulls
    />
  ))
}
