/** The golden samples that runs learn from, as they were when each run began to. */
import { createHash } from 'node:crypto'
import type { Database } from './database.ts'

export class GoldenSets {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The samples of a run as they were set, a JSON list; undefined where none were. */
  of(run: number): string | undefined {
    const row = this.#database.get('SELECT samples FROM golden_sets JOIN runs ON digest = golden WHERE id = ?', run)
    return row && String(row.samples)
  }

  /** Sets the samples of a run. Equal sets of several runs are stored once. */
  set(run: number, samples: string): void {
    const digest = createHash('sha256').update(samples).digest('hex')
    this.#database.transaction(() => {
      this.#database.run('INSERT OR IGNORE INTO golden_sets (digest, samples) VALUES (?, ?)', digest, samples)
      this.#database.run('UPDATE runs SET golden = ? WHERE id = ?', digest, run)
      this.#database.run(
        'DELETE FROM golden_sets WHERE digest NOT IN (SELECT golden FROM runs WHERE golden IS NOT NULL)',
      )
    })
  }
}
