/** The stages of runs: how far each is, how long it took, what it returned. */
import type { Database, Row } from './database.ts'
import type { StageKey } from './keys.ts'
import { type Status, statusSchema } from './runs.ts'

export interface StageRecord extends StageKey {
  readonly status: Status
  readonly started: number
  readonly ended: number | null
  /** Wall time of all its sittings, in seconds. */
  readonly seconds: number
  /** What the stage returned; null until it is done. Parsed when it is first asked for: lists ask for few. */
  readonly result: unknown
}

export class Stages {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Marks a stage as running, be it for the first time or again. */
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

  /** Adds to a stage's wall time; called while it runs, so that a kill loses little of the count. */
  addSeconds({ run, stage, round }: StageKey, seconds: number): void {
    this.#database.run(
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

  /** The stages of a run in the order they were begun. */
  of(run: number): StageRecord[] {
    return this.#database.all('SELECT * FROM stages WHERE run = ? ORDER BY started, round', run).map(readStage)
  }

  /** The stages of every run that is not deleted, by run, in the order they were begun. */
  byRun(): Map<number, StageRecord[]> {
    const rows = this.#database.all(
      'SELECT stages.* FROM stages JOIN runs ON runs.id = run WHERE deleted IS NULL ORDER BY stages.started, round',
    )
    return Map.groupBy(rows.map(readStage), ({ run }) => run)
  }

  /** The records of a stage that came to their end, by round, those of the latest run first; deleted runs aside. */
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
    status: statusSchema.parse(row.status),
    started: Number(row.started),
    ended: row.ended === null ? null : Number(row.ended),
    seconds: Number(row.seconds),
    get result() {
      parsed ??= { value: JSON.parse(text) }
      return parsed.value
    },
  }
}
