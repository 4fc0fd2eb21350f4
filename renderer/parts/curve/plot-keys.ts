/** The keys of a chart: they move between steps and zoom. */
import { type Range, zoomed } from './series.ts'

interface Seen {
  /** The steps of the chart, in order. */
  readonly steps: readonly number[]
  /** The first and the last visible step. */
  readonly range: Range
  /** The current step; null where there is none. */
  readonly step: number | null
}

/** The result of a key: a step to go to, or the range to show (null: all steps). */
export type PlotMove = { readonly point: number } | { readonly zoom: Range | null }

/** A page key moves over 1/LEAP of the visible steps. */
const LEAP = 10

/** Returns undefined where the key has no meaning here, and null where it leads nowhere. */
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
