/**
 * Keeps account of what was sent of each training and evaluation to a place that keeps MLflow's runs. The rest is still
 * to be sent.
 */
import type { Database, Row } from './database.ts'
import type { ArmKey } from './keys.ts'

export interface TrackedArm extends ArmKey {
  /** The place's own id for it; null until it has been created there. */
  readonly id: string | null
  /** The last step that was sent; 0 before the first. */
  readonly step: number
  /** Time of the last value that was sent, in milliseconds since 1970. */
  readonly time: number
  /** Whether its end was sent. */
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

  /** The arms with something left to send, those of the oldest run first; those of hidden runs too. */
  open(): TrackedArm[] {
    return this.#database
      .all('SELECT * FROM tracked WHERE place = ? AND NOT ended ORDER BY run, round, stage, arm', this.#place)
      .map(readTracked)
  }

  /** What the place still takes for running of runs that are deleted for good: its ids, and times of the last values. */
  left(): { readonly id: string; readonly time: number }[] {
    return this.#database
      .all('SELECT id, time FROM tracked_left WHERE place = ? ORDER BY time', this.#place)
      .map((row) => ({ id: String(row.id), time: Number(row.time) }))
  }

  /** Forgets an id of `left`. */
  forget(id: string): void {
    this.#database.run('DELETE FROM tracked_left WHERE place = ? AND id = ?', this.#place, id)
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
