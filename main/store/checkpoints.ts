/** Where trainings stood: a row each, and a file beside the store with the large part. */
import { existsSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Database, Row } from './database.ts'
import { type ArmKey, armValues, OF_ARM } from './keys.ts'

/** Where a training stood. */
export interface Checkpoint {
  readonly step: number
  /** Weights and optimiser state, in the form the training wrote them. */
  readonly file: string
  /** What else it has to remember, as JSON. */
  readonly state: unknown
}

export class Checkpoints {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Keeps where a training stands in place of where it stood. `write` writes the large part to the path it is given, a
   * new one beside the store, and must leave it synced (writeFileAtomic does).
   */
  save(key: ArmKey, step: number, state: unknown, write: (file: string) => void): void {
    const before = this.#row(key)?.file
    const file = `${key.run}-${key.stage}-${key.round}-${key.arm || 'main'}-${step}.checkpoint`
    write(this.#beside(file))
    this.#database.run(
      'INSERT OR REPLACE INTO checkpoints (run, stage, round, arm, step, file, state) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...armValues(key),
      step,
      file,
      JSON.stringify(state),
    )
    if (before !== undefined && before !== file) rmSync(this.#beside(String(before)), { force: true })
  }

  /** Where a training stood, or undefined where it has not begun or its file was cleaned up: it then begins again. */
  get(key: ArmKey): Checkpoint | undefined {
    const row = this.#row(key)
    if (row === undefined) return undefined
    const file = this.#beside(String(row.file))
    return existsSync(file) ? { step: Number(row.step), file, state: JSON.parse(String(row.state)) } : undefined
  }

  /** Forgets where a training stood, once it is done. */
  drop(key: ArmKey): void {
    const file = this.#row(key)?.file
    this.#database.run(`DELETE FROM checkpoints WHERE ${OF_ARM}`, ...armValues(key))
    if (file !== undefined) rmSync(this.#beside(String(file)), { force: true })
  }

  #row(key: ArmKey): Row | undefined {
    return this.#database.get(`SELECT * FROM checkpoints WHERE ${OF_ARM}`, ...armValues(key))
  }

  #beside(file: string): string {
    const { path } = this.#database
    return join(dirname(path), `${basename(path)}-checkpoints`, file)
  }
}
