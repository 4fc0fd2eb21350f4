/** Smoothing of a curve, and several curves put on one axis. */

/** A value at a step; null where it was no number. */
export type Point = readonly [step: number, value: number | null]

/**
 * The exponential moving average that TensorBoard draws, without its start's pull towards zero: weight 0 gives the values
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

/** A row a step for the chart: `step`, and the value of each series under its name. */
export type Row = Readonly<Record<string, number | null>>

/** Joins series by step, in order; a series without a value at a step has no key there. `names` are the keys. */
export function joinSeries(names: readonly string[], series: readonly (readonly Point[])[]): Row[] {
  const rows = new Map<number, Record<string, number | null>>()
  for (const [at, points] of series.entries()) {
    for (const [step, value] of points) {
      const row = rows.get(step) ?? { step }
      row[names[at]!] = value
      rows.set(step, row)
    }
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
}
