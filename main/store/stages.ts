/** The stages of runs: status, time and result. */
import type { Database, Row } from './database.ts'
import type { StageKey } from './keys.ts'
import { type Status, statusSchema } from './runs.ts'
import { parseJson, readValue } from './values.ts'

export interface StageRecord extends StageKey {
  readonly status: Status
  readonly started: number
  readonly ended: number | null
  /** Wall time in seconds, over all resumptions. */
  readonly seconds: number
  /** The stage's result; null until it is done. It is parsed on first access, because lists need few results. */
  readonly result: unknown
}

/** All stages of a run together. */
export interface StageTotals {
  /** Wall time. */
  readonly seconds: number
  readonly version: string
}

export class Stages {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Marks a stage as running, for the first time or again. */
  start({ run, stage, round }: StageKey): void {
    this.#database.run(
      `INSERT INTO stages (run, stage, round, status, started) VALUES (?, ?, ?, 'running', ?)
       ON CONFLICT DO UPDATE SET status = 'running', ended = NULL`,
      run,
      stage,
      round,
      Date.now(),
    )
  }

  /**
   * Adds to a stage's wall time. Called while the stage runs, so that a kill loses little of the time. Returns false where
   * the store does not take it at once.
   */
  addSeconds({ run, stage, round }: StageKey, seconds: number): boolean {
    return this.#database.tryRun(
      'UPDATE stages SET seconds = seconds + ? WHERE run = ? AND stage = ? AND round = ?',
      seconds,
      run,
      stage,
      round,
    )
  }

  end({ run, stage, round }: StageKey, status: Status, result: unknown = null): void {
    this.#database.run(
      'UPDATE stages SET status = ?, ended = ?, result = ? WHERE run = ? AND stage = ? AND round = ?',
      status,
      Date.now(),
      JSON.stringify(result),
      run,
      stage,
      round,
    )
  }

  /** Gives a stage the finished record of the same stage of another run. It took this run no time. */
  copy(from: StageKey, run: number): void {
    this.#database.run(
      `INSERT OR REPLACE INTO stages (run, stage, round, status, started, ended, result)
       SELECT ?, stage, round, status, ?, ?, result FROM stages
       WHERE run = ? AND stage = ? AND round = ? AND status = 'done'`,
      run,
      Date.now(),
      Date.now(),
      from.run,
      from.stage,
      from.round,
    )
  }

  /** The stages of a run in the order in which they began. */
  of(run: number): StageRecord[] {
    return this.#database.all('SELECT * FROM stages WHERE run = ? ORDER BY started, round', run).map(readStage)
  }

  /**
   * The wall time of the stages of every run that is not deleted, by run, and a text that changes whenever a stage of the run
   * begins or ends.
   */
  totals(): Map<number, StageTotals> {
    const rows = this.#database.all(
      `SELECT run, sum(seconds) AS seconds, count(*) || ' ' || sum(stages.status = 'done') || ' ' || total(stages.ended) AS version
       FROM stages JOIN runs ON runs.id = run WHERE deleted IS NULL GROUP BY run`,
    )
    return new Map(rows.map((row) => [Number(row.run), { seconds: Number(row.seconds), version: String(row.version) }]))
  }

  /** The stages of all runs that are not deleted, by run, in the order in which they began. */
  byRun(): Map<number, StageRecord[]> {
    const rows = this.#database.all(
      'SELECT stages.* FROM stages JOIN runs ON runs.id = run WHERE deleted IS NULL ORDER BY stages.started, round',
    )
    return Map.groupBy(rows.map(readStage), ({ run }) => run)
  }

  /** The finished records of a stage by round, those of the latest run first, without deleted runs. */
  done(stage: string): StageRecord[] {
    return this.#database
      .all(
        `SELECT stages.* FROM runs JOIN stages ON run = runs.id
         WHERE deleted IS NULL AND stage = ? AND stages.status = 'done' ORDER BY run DESC, round`,
        stage,
      )
      .map(readStage)
  }
}

function readStage(row: Row): StageRecord {
  const text = row.result === null ? 'null' : String(row.result)
  let parsed: { readonly value: unknown } | undefined
  return {
    run: Number(row.run),
    stage: String(row.stage),
    round: Number(row.round),
    status: readValue(statusSchema, 'stages.status', row.status),
    started: Number(row.started),
    ended: row.ended === null ? null : Number(row.ended),
    seconds: Number(row.seconds),
    get result() {
      parsed ??= { value: parseJson('stages.result', text) }
      return parsed.value
    },
  }
}
