/** The metrics of optimiser steps, and their curves. */
import type { Database } from './database.ts'
import { type ArmKey, armValues, OF_ARM, readArm } from './keys.ts'

export interface Metric extends ArmKey {
  readonly step: number
  /** TRL's name. */
  readonly name: string
  /** null where it is not a number. */
  readonly value: number | null
}

/** The metrics of one optimiser step. */
export interface MetricStep {
  readonly step: number
  readonly metrics: Readonly<Record<string, number | null>>
}

/** An arm that has metrics. */
export interface MeasuredArm extends ArmKey {
  readonly names: readonly string[]
  readonly lastStep: number
}

/** A curve in few points. Each point stands for the steps from its `step` to the next point's. */
export interface Curve extends ArmKey {
  readonly name: string
  readonly steps: readonly number[]
  /** The mean, the smallest and the greatest value; null where no value was a number. */
  readonly mean: readonly (number | null)[]
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
}

/**
 * Number of steps that the store summarises as they are written (metric_buckets). Long curves are read from these
 * summaries.
 */
const BUCKET = 32
const OF_CURVE = `${OF_ARM} AND name = ?`

export class Metrics {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores the metrics of one step. A step that is repeated after a resume replaces its earlier metrics. */
  add(key: ArmKey, step: number, metrics: Readonly<Record<string, number>>): void {
    this.#database.transaction(() => {
      for (const [name, value] of Object.entries(metrics)) {
        this.#database.run(
          'INSERT OR REPLACE INTO metrics (run, stage, round, arm, step, name, value) VALUES (?, ?, ?, ?, ?, ?, ?)',
          ...armValues(key),
          step,
          name,
          Number.isFinite(value) ? value : null,
        )
      }
    })
  }

  /** Copies the metrics of an arm to another arm that has none. */
  copy(from: ArmKey, to: ArmKey): void {
    this.#database.run(
      `INSERT INTO metrics (run, stage, round, arm, step, name, value)
       SELECT ?, ?, ?, ?, step, name, value FROM metrics
       WHERE ${OF_ARM} AND NOT EXISTS (SELECT 1 FROM metrics WHERE ${OF_ARM})`,
      ...armValues(to),
      ...armValues(from),
      ...armValues(to),
    )
  }

  /** Every metric of a run, by stage, round, arm and step. */
  of(run: number): Metric[] {
    return this.#database
      .all('SELECT * FROM metrics WHERE run = ? ORDER BY stage, round, arm, step, name', run)
      .map((row) => ({
        ...readArm(row),
        step: Number(row.step),
        name: String(row.name),
        value: row.value === null ? null : Number(row.value),
      }))
  }

  /** The metrics of an arm after a step, one step at a time. */
  after(key: ArmKey, step: number): MetricStep[] {
    const steps = new Map<number, Record<string, number | null>>()
    for (const row of this.#database.all(
      `SELECT step, name, value FROM metrics WHERE ${OF_ARM} AND step > ? ORDER BY step, name`,
      ...armValues(key),
      step,
    )) {
      const at = Number(row.step)
      const metrics = steps.get(at) ?? {}
      metrics[String(row.name)] = row.value === null ? null : Number(row.value)
      steps.set(at, metrics)
    }
    return [...steps].map(([at, metrics]) => ({ step: at, metrics }))
  }

  /** The arms of a run that have metrics, with their metrics' names and their last step. */
  arms(run: number): MeasuredArm[] {
    const arms = Map.groupBy(this.#curves(run), ({ key }) => JSON.stringify(key))
    return [...arms.values()]
      .map((curves) => ({
        ...curves[0]!.key,
        names: curves.map(({ name }) => name),
        lastStep: Math.max(...curves.map(({ key, name }) => this.#span(key, name, 0, Number.MAX_SAFE_INTEGER).last)),
      }))
      .sort((one, other) => one.round - other.round)
  }

  /** Every curve of a run, by stage, round, arm and name. */
  *#curves(run: number): Generator<{ readonly key: ArmKey; readonly name: string }> {
    let [stage, round, arm, name] = ['', 0, '', '']
    for (;;) {
      // Jumps from the end of each curve to the next one: a run has dozens of curves, but perhaps a hundred thousand
      // buckets.
      const row = this.#database.get(
        `SELECT run, stage, round, arm, name FROM metric_buckets
         WHERE run = ? AND (stage, round, arm, name, bucket) > (?, ?, ?, ?, ?)
         ORDER BY stage, round, arm, name, bucket LIMIT 1`,
        ...[run, stage, round, arm, name, Number.MAX_SAFE_INTEGER],
      )
      if (row === undefined) return
      const key = readArm(row)
      ;({ stage, round, arm } = key)
      name = String(row.name)
      yield { key, name }
    }
  }

  /** The first and the last step of a curve in these buckets; 0 where it has none. */
  #span(key: ArmKey, name: string, from: number, to: number): { readonly first: number; readonly last: number } {
    const end = (step: 'first' | 'last', order: 'ASC' | 'DESC') =>
      this.#database.get(
        `SELECT ${step} FROM metric_buckets WHERE ${OF_CURVE} AND bucket BETWEEN ? AND ? ORDER BY bucket ${order} LIMIT 1`,
        ...[...armValues(key), name, from, to],
      )
    return { first: Number(end('first', 'ASC')?.first ?? 0), last: Number(end('last', 'DESC')?.last ?? 0) }
  }

  /**
   * A metric of an arm between two steps, in about `points` points. Points for many steps consist of whole buckets, so
   * the first and the last may extend beyond the range by less than a bucket.
   */
  curve(key: ArmKey, name: string, { from, to, points }: { from: number; to: number; points: number }): Curve {
    const place = [...armValues(key), name]
    const span = this.#span(key, name, Math.floor(from / BUCKET), Math.floor(to / BUCKET))
    const first = Math.max(from, span.first)
    const last = Math.min(to, span.last)
    const width = Math.max(1, Math.ceil((last - first + 1) / points))
    const rows =
      width < BUCKET
        ? this.#database.all(
            `SELECT (step - CAST(? AS INTEGER)) / CAST(? AS INTEGER) AS point, min(step) AS step, avg(value) AS mean,
               min(value) AS low, max(value) AS high
             FROM metrics WHERE ${OF_CURVE} AND step BETWEEN ? AND ? GROUP BY point ORDER BY point`,
            first,
            width,
            ...place,
            first,
            last,
          )
        : this.#database.all(
            `SELECT bucket / CAST(? AS INTEGER) AS point, min(first) AS step, sum(sum) / sum(numbers) AS mean,
               min(low) AS low, max(high) AS high
             FROM metric_buckets WHERE ${OF_CURVE} AND bucket BETWEEN ? AND ? GROUP BY point ORDER BY point`,
            Math.ceil(width / BUCKET),
            ...place,
            Math.floor(first / BUCKET),
            Math.floor(last / BUCKET),
          )
    const numbers = (field: string) => rows.map((row) => (row[field] === null ? null : Number(row[field])))
    return {
      ...key,
      name,
      steps: rows.map((row) => Number(row.step)),
      mean: numbers('mean'),
      low: numbers('low'),
      high: numbers('high'),
    }
  }
}
