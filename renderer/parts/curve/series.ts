/** The lines of a chart: smoothing, and rows for a common axis. */

/** A value at a place along the chart, a step or what along.ts makes of it; null where it was not a number. */
export type Point = readonly [step: number, value: number | null]

/** The visible places, both ends included. */
export type Range = readonly [from: number, to: number]

export interface Series {
  readonly id: string
  readonly label: string
  readonly colour: string
  readonly dashed?: boolean
  /** Whether the line is never smoothed: evaluations are few, and readers look for the step of their minimum. */
  readonly exact?: boolean
  readonly points: readonly Point[]
  /** The points of all steps, where `points` are those of a zoom: smoothing reads them, so that it does not depend on the zoom. */
  readonly whole?: readonly Point[]
  /** The smallest and greatest value that each point stands for; null where each point stands for one step. */
  readonly bounds: readonly (Range | null)[] | null
}

/** A curve as the lab sends it. */
interface Kept {
  readonly steps: readonly number[]
  readonly mean: readonly (number | null)[]
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
}

/** The points and bounds of a curve that the lab has sent. */
export function lineOf({ steps, mean, low, high }: Kept): Pick<Series, 'points' | 'bounds'> {
  const bounds = steps.map((_, at): Range | null => {
    const [from, to] = [low[at] ?? null, high[at] ?? null]
    return from === null || to === null ? null : [from, to]
  })
  const single = bounds.every((bound) => bound === null || bound[0] === bound[1])
  return { points: steps.map((step, at) => [step, mean[at] ?? null]), bounds: single ? null : bounds }
}

/**
 * TensorBoard's exponential moving average, corrected for its bias towards zero at the start. Weight 0 gives the values
 * themselves. Steps without a number stay without one.
 */
export function smooth(points: readonly Point[], weight: number): Point[] {
  let sum = 0
  let mass = 0
  return points.map(([step, value]) => {
    if (value === null) return [step, null]
    sum = weight * sum + (1 - weight) * value
    mass = weight * mass + (1 - weight)
    return [step, sum / mass]
  })
}

/** The value at a step, or at the last point before it; null where there is none. */
export function valueAt(points: readonly Point[], step: number): number | null {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]![0] <= step) low = middle + 1
    else high = middle
  }
  return points[low - 1]?.[1] ?? null
}

/** A series and its drawn line: the points themselves, or smoothed. */
export interface Drawn extends Series {
  readonly line: readonly Point[]
}

/** The drawn lines of the series, with this weight of smoothing. The smoothed value of a step is the same in every zoom. */
export function drawnOf(series: readonly Series[], smoothing: number): Drawn[] {
  return series.map((one) => {
    const { points, whole = points } = one
    const smoothed = smoothing > 0 && one.exact !== true
    return { ...one, line: smoothed ? part(smooth(whole, smoothing), points) : points }
  })
}

/** The part of a line where `points` are. At both ends it has the value that `valueAt` reads there. */
function part(line: readonly Point[], points: readonly Point[]): Point[] {
  const [from, to] = [points[0]?.[0], points.at(-1)?.[0]]
  if (from === undefined || to === undefined) return []
  const inner = line.filter(([step]) => step > from && step < to)
  const ends: Point[] = [from, ...(to > from ? [to] : [])].map((step) => [step, valueAt(line, step)])
  return [ends[0]!, ...inner, ...ends.slice(1)]
}

/** The visible range after a zoom around a step. It becomes `factor` times as wide. */
export function zoomed([from, to]: Range, around: number, factor: number): Range {
  return [Math.round(around - factor * (around - from)), Math.round(around + factor * (to - around))]
}

/** The part of a range within the whole; null where that is the whole. */
export function within([from, to]: Range, [first, last]: Range): Range | null {
  return from <= first && to >= last ? null : [Math.max(first, from), Math.min(last, to)]
}

/** A row for one step of the chart: `step`, and the value of each line under its name. */
export type Row = Readonly<Record<string, number | Range | null>>

/** One column of the chart: the values of a line, by step. */
export type Column = readonly (readonly [step: number, value: number | Range | null])[]

/**
 * The rows of a chart. Each line stands under its id. Where points stand for many steps, their bounds stand under `<id>
 * band`; otherwise, where the line is smoothed, the raw values stand under `<id> raw`.
 */
export function rowsOf(series: readonly Drawn[]): Row[] {
  const columns = new Map<string, Column>()
  for (const { id, points, line, bounds } of series) {
    columns.set(id, line)
    if (bounds !== null) {
      columns.set(
        `${id} band`,
        points.map(([step], at) => {
          return [step, bounds[at] ?? null]
        }),
      )
    } else if (line !== points) {
      columns.set(`${id} raw`, points)
    }
  }
  return joinColumns(columns)
}

/** Joins columns by step, in order. A column without a value at a step has no key in that row. */
export function joinColumns(columns: ReadonlyMap<string, Column>): Row[] {
  const rows = new Map<number, Record<string, number | Range | null>>()
  for (const [name, column] of columns) {
    for (const [step, value] of column) {
      const row = rows.get(step) ?? { step }
      row[name] = value
      rows.set(step, row)
    }
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
}
