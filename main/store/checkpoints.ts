/** Checkpoints of trainings: a row each, and a file beside the store with the large part. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { removeUnfinished } from '../files/unfinished.ts'
import type { Database, Row } from './database.ts'
import { type ArmKey, armValues, OF_ARM } from './keys.ts'
import { parseJson, readFileName, readValue } from './values.ts'

const stepSchema = z.int().nonnegative()

/** The checkpoint of a training. */
export interface Checkpoint {
  readonly step: number
  /** Weights and optimiser state, in the training's own format. */
  readonly file: string
  /** The rest of the state, as JSON. */
  readonly state: unknown
}

export class Checkpoints {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Replaces the training's checkpoint. `write` gets the path of a new file beside the store and writes the large part
   * to it; it must leave the file synced, as writeFileAtomic does.
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
    if (before !== undefined && before !== file) rmSync(this.#beside(before), { force: true })
  }

  /** The training's checkpoint; undefined where it has none or the file was deleted. The training then starts again. */
  get(key: ArmKey): Checkpoint | undefined {
    const row = this.#row(key)
    if (row === undefined) return undefined
    const file = this.#beside(row.file)
    return existsSync(file)
      ? {
          step: readValue(stepSchema, 'checkpoints.step', row.step),
          file,
          state: parseJson('checkpoints.state', row.state),
        }
      : undefined
  }

  /** Deletes the training's checkpoint, once it is done. */
  drop(key: ArmKey): void {
    const file = this.#row(key)?.file
    this.#database.run(`DELETE FROM checkpoints WHERE ${OF_ARM}`, ...armValues(key))
    if (file !== undefined) rmSync(this.#beside(file), { force: true })
    this.#removeEmptyFolder()
  }

  /** Deletes the files that no training knows: kills left them. Call it only with the store's lock. */
  removeLost(): void {
    const folder = dirname(this.#beside('any'))
    const known = new Set(this.#database.all('SELECT file FROM checkpoints').map(({ file }) => String(file)))
    removeUnfinished(folder)
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (name.endsWith('.checkpoint') && !known.has(name)) rmSync(join(folder, name), { force: true })
    }
    this.#removeEmptyFolder()
  }

  #row(key: ArmKey): (Row & { readonly file: string }) | undefined {
    const row = this.#database.get(`SELECT * FROM checkpoints WHERE ${OF_ARM}`, ...armValues(key))
    return row === undefined ? undefined : { ...row, file: readFileName('checkpoints.file', row.file) }
  }

  #removeEmptyFolder(): void {
    try {
      rmdirSync(dirname(this.#beside('any')))
    } catch {
      // Other trainings have checkpoints in it.
    }
  }

  #beside(file: string): string {
    const { path } = this.#database
    return join(dirname(path), `${basename(path)}-checkpoints`, file)
  }
}
