/** What has been told of each training and evaluation to a place that keeps MLflow's runs: the rest is still to be told. */
import type { Database, Row } from './database.ts'
import type { ArmKey } from './keys.ts'

export interface TrackedArm extends ArmKey {
  /** The place's own name for it; null until it has been begun there. */
  readonly id: string | null
  /** The last step that was told; 0 before the first. */
  readonly step: number
  /** Time of what was told last, in milliseconds since 1970. */
  readonly time: number
  /** Whether its end was told. */
  readonly ended: boolean
}

/** The account of one place. */
export class TrackedArms {
  readonly #database: Database
  readonly #place: string

  constructor(database: Database, place: string) {
    this.#database = database
    this.#place = place
  }

  get({ run, stage, round, arm }: ArmKey): TrackedArm | undefined {
    const row = this.#database.get(
      'SELECT * FROM tracked WHERE run = ? AND stage = ? AND round = ? AND arm = ? AND place = ?',
      run,
      stage,
      round,
      arm,
      this.#place,
    )
    return row === undefined ? undefined : readTracked(row)
  }

  put({ run, stage, round, arm, id, step, time, ended }: TrackedArm): void {
    this.#database.run(
      'INSERT OR REPLACE INTO tracked (run, stage, round, arm, place, id, step, time, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      run,
      stage,
      round,
      arm,
      this.#place,
      id,
      step,
      time,
      ended ? 1 : 0,
    )
  }

  /** Those of which something is still to be told, those of the oldest run first. */
  open(): TrackedArm[] {
    return this.#database
      .all(
        `SELECT tracked.* FROM tracked JOIN runs ON runs.id = run
         WHERE place = ? AND NOT tracked.ended AND deleted IS NULL ORDER BY run, round, stage, arm`,
        this.#place,
      )
      .map(readTracked)
  }
}

function readTracked(row: Row): TrackedArm {
  return {
    run: Number(row.run),
    stage: String(row.stage),
    round: Number(row.round),
    arm: String(row.arm),
    id: row.id === null ? null : String(row.id),
    step: Number(row.step),
    time: Number(row.time),
    ended: row.ended === 1,
  }
}
