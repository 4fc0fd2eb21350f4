/** What people write about runs: a title, a note, tags. */
import { z } from 'zod'
import type { Database } from './database.ts'
import { readJson } from './values.ts'

export interface Label {
  /** '' where nobody gave one. */
  readonly title: string
  readonly note: string
  /** In alphabetical order. */
  readonly tags: readonly string[]
}

/** The label of a run about which nobody wrote anything. */
export const NO_LABEL: Label = { title: '', note: '', tags: [] }

export class Labels {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The labels of all runs that have one, by run. */
  all(): Map<number, Label> {
    const labels = new Map<number, Label>()
    for (const row of this.#database.all('SELECT run, title, note FROM run_labels')) {
      labels.set(Number(row.run), { title: String(row.title), note: String(row.note), tags: [] })
    }
    for (const row of this.#database.all(
      `SELECT run, json_group_array(tag ORDER BY tag) AS tags FROM run_tags GROUP BY run`,
    )) {
      const run = Number(row.run)
      labels.set(run, { ...(labels.get(run) ?? NO_LABEL), tags: readJson(tagsSchema, 'run_tags.tag', row.tags) })
    }
    return labels
  }

  /** Writes the title or the note of a run, or both. */
  write(
    run: number,
    { title, note }: { readonly title?: string | undefined; readonly note?: string | undefined },
  ): void {
    this.#database.run(
      `INSERT INTO run_labels (run, title, note) VALUES (?, coalesce(?, ''), coalesce(?, ''))
       ON CONFLICT DO UPDATE SET title = coalesce(?, title), note = coalesce(?, note)`,
      ...[run, title ?? null, note ?? null, title ?? null, note ?? null],
    )
  }

  /** Gives runs a tag, or takes it from them. */
  tag(runs: readonly number[], tag: string, on: boolean): void {
    this.#database.transaction(() => {
      for (const run of runs) {
        if (on) this.#database.run('INSERT OR IGNORE INTO run_tags (run, tag) VALUES (?, ?)', run, tag)
        else this.#database.run('DELETE FROM run_tags WHERE run = ? AND tag = ?', run, tag)
      }
    })
  }
}

const tagsSchema = z.array(z.string())
