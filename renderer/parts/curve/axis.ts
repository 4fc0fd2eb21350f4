/** The axis of values: its scale, its ends, and marks of 1, 2 or 5 times a power of ten. */
import { ticks } from '../../../main/evaluation/ticks.ts'
import type { Drawn, Range } from './series.ts'

export interface Axis {
  readonly scale: 'linear' | 'log' | 'symlog'
  readonly domain: Range
  readonly ticks: readonly number[]
}

/** About this many marks stand on it. */
const MARKS = 5
/** Values that differ by less than this share of themselves are the same. */
const LEVEL = 1e-9

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
  if (low > high) return [0, 1]
  // Smoothing a level line moves its values by their rounding, which no axis should show.
  return high - low < LEVEL * Math.max(Math.abs(low), Math.abs(high)) ? [low, low] : [low, high]
}
