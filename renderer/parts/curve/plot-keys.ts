/** What keys do in a chart: they point at a step, and zoom around it. */
import { type Range, zoomed } from './series.ts'

interface Seen {
  /** The steps of the chart, in order. */
  readonly steps: readonly number[]
  /** The first and the last step in sight. */
  readonly range: Range
  /** The step that is pointed at; null where none is. */
  readonly step: number | null
}

/** What a key leads to: a step to point at, or the steps to be shown (null: all). */
export type PlotMove = { readonly point: number } | { readonly zoom: Range | null }

/** Of the steps in sight, the part that a page key moves over is one in so many. */
const LEAP = 10

/** undefined where the key means nothing, null where it has nowhere to lead. */
export function plotMove(key: string, { steps, range, step }: Seen): PlotMove | null | undefined {
  const inSight = steps.filter((one) => one >= range[0] && one <= range[1])
  const last = inSight.length - 1
  const at = step === null ? -1 : inSight.findLastIndex((one) => one <= step)
  const leap = Math.ceil(inSight.length / LEAP)
  const pointAt = (place: number): PlotMove | null => {
    const next = inSight[Math.max(0, Math.min(last, place))]
    return next === undefined ? null : { point: next }
  }
  const zoomBy = (factor: number): PlotMove | null => {
    const [from, to] = zoomed(range, step ?? (range[0] + range[1]) / 2, factor)
    return from < to ? { zoom: [from, to] } : null
  }
  switch (key) {
    case 'ArrowLeft':
      return pointAt(step === null ? last : at - 1)
    case 'ArrowRight':
      return pointAt(at + 1)
    case 'PageDown':
      return pointAt(at - leap)
    case 'PageUp':
      return pointAt(at + leap)
    case 'Home':
      return pointAt(0)
    case 'End':
      return pointAt(last)
    case '+':
    case '=':
      return zoomBy(0.5)
    case '-':
      return zoomBy(2)
    case '0':
    case 'Escape':
      return { zoom: null }
    default:
      return undefined
  }
}
