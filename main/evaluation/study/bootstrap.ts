/** Means with intervals over training seeds and problems, by resampling both. */
import { uniformStream } from '../../engine/random.ts'
import type { Interval } from '../statistics.ts'
import type { Table } from './crossed.ts'

export interface Estimate extends Interval {
  readonly mean: number
}

/** Number of resamples. The ends of an interval then vary by about a twentieth of its width. */
const RESAMPLES = 2000
/** The stream of resamples is the same each time, so that a report can be made again. */
const STREAM = 16

/**
 * The mean of a table over all problems, and over those of each task, with 95% percentile intervals of the hierarchical
 * bootstrap: every resample draws training seeds, and within each task problems, with replacement. Seeds and problems are
 * crossed, so both are drawn independently, and every drawn seed plays every drawn problem. Owen 2007, "The pigeonhole
 * bootstrap", Annals of Applied Statistics 1, shows that this never makes the variance too small by more than the usual
 * factor (n - 1) / n of each side. `taskOf` gives the task of each column. Without columns, the means are 0 of [0, 1].
 */
export function bootstrapMeans<Task>(
  table: Table,
  taskOf: readonly Task[],
  resamples = RESAMPLES,
): { readonly overall: Estimate; readonly tasks: ReadonlyMap<Task, Estimate> } {
  const columns = [...Map.groupBy(taskOf.keys(), (at) => taskOf[at]!)]
  const random = uniformStream(STREAM)
  const draw = (count: number) => Math.floor(random() * count)
  const drawn = [
    taskOf.length === 0 ? [] : new Float64Array(resamples),
    ...columns.map(() => new Float64Array(resamples)),
  ]
  const sums = new Float64Array(taskOf.length)
  for (let one = 0; one < resamples; one++) {
    sums.fill(0)
    for (let seed = 0; seed < table.length; seed++) {
      const row = table[draw(table.length)]!
      for (let at = 0; at < sums.length; at++) sums[at]! += row[at]!
    }
    let total = 0
    for (const [task, [, own]] of columns.entries()) {
      let sum = 0
      for (let problem = 0; problem < own.length; problem++) sum += sums[own[draw(own.length)]!]!
      total += sum
      drawn[task + 1]![one] = sum / own.length / table.length
    }
    drawn[0]![one] = total / taskOf.length / table.length
  }
  const estimate = (own: readonly number[], at: number): Estimate => {
    const cells = table.flatMap((row) => own.map((column) => row[column]!))
    if (cells.length === 0) return { mean: 0, low: 0, high: 1 }
    const sorted = Float64Array.from(drawn[at]!).sort()
    const mean = cells.reduce((sum, cell) => sum + cell, 0) / cells.length
    return { mean, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
  }
  return {
    overall: estimate([...taskOf.keys()], 0),
    tasks: new Map(columns.map(([task, own], at) => [task, estimate(own, at + 1)])),
  }
}

/** The quantile of sorted values, between two of them in proportion (Hyndman and Fan 1996, definition 7). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (place - below) * ((sorted[below + 1] ?? low) - low)
}
