/** Geometry of small curves, in a box of 100 by 100 whose y grows downwards. */

export interface Frame {
  /** The left and the right edge, in milliseconds since 1970. */
  readonly from: number
  readonly to: number
  /** The value at the upper edge; the lower edge is 0. */
  readonly top: number
  /** The longest time between two points that are joined, in milliseconds. */
  readonly gap: number
}

/** The path of an SVG: a line through the points, broken where a value is null or where no point was for a while. */
export function linePath(at: readonly number[], values: readonly (number | null)[], frame: Frame): string {
  return stretches(at, values, frame)
    .map((points) => `M${points.map(({ x, y }) => `${x} ${y}`).join('L')}`)
    .join('')
}

/** The path of the area under that line. */
export function areaPath(at: readonly number[], values: readonly (number | null)[], frame: Frame): string {
  return stretches(at, values, frame)
    .map((points) => `M${points[0]!.x} 100L${points.map(({ x, y }) => `${x} ${y}`).join('L')}L${points.at(-1)!.x} 100Z`)
    .join('')
}

/** The place of the point that is nearest to a share of the width; undefined where there is none. */
export function nearestPoint(at: readonly number[], { from, to }: Frame, share: number): number | undefined {
  const wanted = from + share * (to - from)
  let best: number | undefined
  for (const [place, time] of at.entries()) {
    if (best === undefined || Math.abs(time - wanted) < Math.abs(at[best]! - wanted)) best = place
  }
  return best
}

interface Point {
  readonly x: number
  readonly y: number
}

function stretches(
  at: readonly number[],
  values: readonly (number | null)[],
  { from, to, top, gap }: Frame,
): Point[][] {
  const all: Point[][] = []
  let last: number | null = null
  for (const [place, time] of at.entries()) {
    const value = values[place] ?? null
    if (value === null || time < from) {
      last = null
      continue
    }
    if (last === null || time - last > gap) all.push([])
    all
      .at(-1)!
      .push({ x: fixed((100 * (time - from)) / Math.max(1, to - from)), y: fixed(100 - (100 * value) / (top || 1)) })
    last = time
  }
  // A stretch of one point would be no line.
  return all.map((points) => (points.length > 1 ? points : [points[0]!, { ...points[0]!, x: points[0]!.x + 0.5 }]))
}

function fixed(value: number): number {
  return Number(value.toFixed(2))
}
