/** What is drawn over the lines: the range that is being chosen, and the step under the pointer. */
import { useEffect } from 'react'
import { useActiveTooltipLabel, usePlotArea, useXAxisScale } from 'recharts'
import type { Drag } from './drag.ts'
import { point, useHover } from './hover.ts'

/** The range that the mouse is choosing. It is drawn apart from the lines, so they are not drawn again with it. */
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

/** Reports the step under the pointer in this chart, and shows the one from another chart. */
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
