/**
 * Paired differences between two arms over training seeds and problems, as crossed random effects. Every seed plays every
 * problem, so a seed shares its luck over all problems, and a problem its difficulty over all seeds. Tasks are fixed: what is
 * claimed is claimed of these tasks.
 */
import { studentCritical, studentP } from './student.ts'

/** A table of numbers: a row a training seed, a column a problem. Every row has the same columns. */
export type Table = readonly (readonly number[])[]

/** The share outside a 95% interval. */
const OUTSIDE = 0.05

/** Variances of one difference between two arms. They are at least 0. */
export interface Components {
  /** Between training seeds, in the mean over all problems. It holds what a seed does to single tasks. */
  readonly seed: number
  /** Between the problems of a task, in the mean over all seeds. */
  readonly problem: number
  /** What is left: a seed's luck at one problem. */
  readonly rest: number
}

/** A mean with the variance of its parts, as a number of seeds and problems gives it. */
export interface Spread {
  readonly error: number
  /** Satterthwaite's degrees of freedom. */
  readonly df: number
}

export interface Crossed extends Spread {
  /** Mean of the first arm minus mean of the second. */
  readonly difference: number
  /** 95% interval. */
  readonly low: number
  readonly high: number
  /** Two-sided. */
  readonly p: number
  readonly components: Components
}

/**
 * The mixed-effects test of a mean difference that is 0 over new seeds and new problems of the same tasks: a linear model with
 * crossed random intercepts of seed and problem. The design is balanced, so the mean squares give the estimates in closed
 * form: error² = seeds' + problems' - rest's, with Satterthwaite's degrees of freedom. This is the quasi-F of Clark 1973,
 * "The language-as-fixed-effect fallacy", J. Verbal Learning and Verbal Behavior 12; Satterthwaite 1946. `taskOf` gives the
 * task of each column. Needs two rows.
 *
 * A logistic model would be the other choice. It has no closed form, its usual tests take five seeds for infinitely many,
 * and its coefficient is no difference in points.
 */
export function crossed(table: Table, taskOf: readonly unknown[]): Crossed {
  const { difference, parts } = meanSquares(table, taskOf)
  const components = {
    seed: Math.max(0, parts.seed - parts.rest) * table.length,
    problem: Math.max(0, parts.problem - parts.rest) * taskOf.length,
    rest: parts.rest * table.length * taskOf.length,
  }
  const { error, df } = spread(parts, degrees(table.length, taskOf))
  const t = error === 0 ? (difference === 0 ? 0 : Number.POSITIVE_INFINITY) : difference / error
  const half = error === 0 ? 0 : studentCritical(OUTSIDE, df) * error
  return { difference, error, df, components, p: studentP(t, df), low: difference - half, high: difference + half }
}

/** The error and the degrees of freedom that so many seeds and problems of so many tasks would give. */
export function expectedSpread(components: Components, seeds: number, problems: number, tasks: number): Spread {
  const rest = components.rest / (seeds * problems)
  const parts = { seed: components.seed / seeds + rest, problem: components.problem / problems + rest, rest }
  return spread(parts, { seed: seeds - 1, problem: Math.max(1, problems - tasks) })
}

/** Variances of the mean, each as its own mean squares estimate it. */
type Parts = Components

function spread(parts: Parts, df: { readonly seed: number; readonly problem: number }): Spread {
  // The difference of two estimates can be too small by chance, or below 0. No part alone says less than it does.
  const variance = Math.max(parts.seed + parts.problem - parts.rest, parts.seed, parts.problem)
  const rest = df.seed * df.problem
  const weights = parts.seed ** 2 / df.seed + parts.problem ** 2 / df.problem + parts.rest ** 2 / rest
  // Of a sum, Satterthwaite's are never fewer than those of a part. The subtraction must not make them fewer.
  const least = Math.min(df.seed, df.problem)
  return { error: Math.sqrt(variance), df: weights === 0 ? df.seed : Math.max(least, variance ** 2 / weights) }
}

function degrees(seeds: number, taskOf: readonly unknown[]) {
  return { seed: seeds - 1, problem: Math.max(1, taskOf.length - new Set(taskOf).size) }
}

function meanSquares(table: Table, taskOf: readonly unknown[]): { readonly difference: number; readonly parts: Parts } {
  const seeds = table.length
  const problems = taskOf.length
  const difference = mean(table.map(mean))
  const variance = table.reduce((sum, row) => sum + (mean(row) - difference) ** 2, 0) / (seeds - 1)
  const byProblem = taskOf.map((_, at) => mean(table.map((row) => row[at]!)))
  let [between, left] = [0, 0]
  for (const columns of Map.groupBy(taskOf.keys(), (at) => taskOf[at]).values()) {
    const ofTask = mean(columns.map((at) => byProblem[at]!))
    for (const at of columns) between += (byProblem[at]! - ofTask) ** 2
    for (const row of table) {
      const ofSeed = mean(columns.map((at) => row[at]!))
      for (const at of columns) left += (row[at]! - ofSeed - byProblem[at]! + ofTask) ** 2
    }
  }
  const df = degrees(seeds, taskOf)
  return {
    difference,
    parts: {
      seed: variance / seeds,
      problem: between / df.problem / problems,
      rest: left / (df.seed * df.problem) / (seeds * problems),
    },
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
