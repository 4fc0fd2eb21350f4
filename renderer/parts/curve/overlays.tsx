/** What lies over the lines of a chart: the part that is about to be zoomed into, and the step that is pointed at. */
import { useEffect } from 'react'
import { useActiveTooltipLabel, usePlotArea, useXAxisScale } from 'recharts'
import type { Drag } from './drag.ts'
import { point, useHover } from './hover.ts'

/** The part that is being chosen with the mouse. It is drawn by itself: the lines need not be drawn anew for it. */
export function Selection({ dragging: useDrag }: { readonly dragging: Drag }) {
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
export function Pointer({ id }: { readonly id: string }) {
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
