/** The axes of a chart: their scale, their ends, and marks of 1, 2 or 5 times a power of ten. */
import { ticks } from '../../../main/evaluation/ticks.ts'
import type { Drawn, Range } from './series.ts'

export interface Axis {
  readonly scale: 'linear' | 'log' | 'symlog'
  readonly domain: Range
  readonly ticks: readonly number[]
}

/** About this many marks stand on an axis of values, and at most this many on one of steps. */
const MARKS = 5
const STEP_MARKS = 8

/**
 * The axis of the values of some lines. A logarithmic one is symmetrical (linear between -1 and 1) where a line has values of 0
 * and below, so that it leaves none out. The axis of shares ends at 1.
 */
export function valueAxis(series: readonly Drawn[], { log, share }: { log: boolean; share: boolean }): Axis {
  const [low, high] = extent(series)
  if (!log) {
    const marks = ticks(low, share ? Math.max(1, high) : high, MARKS)
    return { scale: 'linear', domain: [marks[0]!, marks.at(-1)!], ticks: marks }
  }
  const scale = low > 0 ? 'log' : 'symlog'
  return {
    scale,
    domain: low < high ? [low, high] : [low - 0.1 * Math.abs(low || 1), high + 0.1 * Math.abs(high || 1)],
    ticks: logTicks(low, high),
  }
}

/** Whole steps from the first to the last. */
export function stepTicks([first, last]: Range): number[] {
  return ticks(first, last, STEP_MARKS).filter((step) => Number.isInteger(step) && step >= first && step <= last)
}

/** 1, 2 and 5 times the powers of ten between two values, and their negatives; the powers alone where these are too many. */
function logTicks(low: number, high: number): number[] {
  // Between -1 and 1 the symmetrical scale is linear.
  const least = low > 0 ? Math.floor(Math.log10(low)) : 0
  const most = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high), 1)))
  const powers = Array.from({ length: Math.max(0, most - least) + 1 }, (_, at) => 10 ** (least + at))
  const marks = (factors: readonly number[]) => {
    const sizes = powers.flatMap((power) => factors.map((factor) => factor * power))
    return [...sizes.map((size) => -size), 0, ...sizes]
      .filter((mark) => mark >= low && mark <= high && (mark !== 0 || low <= 0))
      .sort((a, b) => a - b)
  }
  const fine = marks([1, 2, 5])
  if (fine.length < 3) return ticks(low, high, MARKS).filter((mark) => mark >= low && mark <= high)
  return fine.length > 2 * MARKS ? marks([1]) : fine
}

/** The smallest and the greatest drawn value: of lines, of raw values, and of bounds. */
function extent(series: readonly Drawn[]): Range {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  const see = (value: number | null) => {
    if (value === null) return
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  for (const { line, points, bounds } of series) {
    for (const [, value] of line) see(value)
    for (const [, value] of points) see(value)
    for (const bound of bounds ?? []) for (const value of bound ?? []) see(value)
  }
  return low <= high ? [low, high] : [0, 1]
}
