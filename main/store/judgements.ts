/** What annotators think of pairs. Training does not read it: it is kept apart from the corrections of the pairs. */
import { z } from 'zod'
import type { Database } from './database.ts'
import type { RoundKey } from './keys.ts'
import { readValue } from './values.ts'

/** A pair is good, is to be dropped, or is the wrong way round. */
export const VERDICTS = ['keep', 'drop', 'swap'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Judgement {
  readonly pair: number
  readonly annotator: string
  readonly verdict: Verdict
}

/** What a judgement changed, or is to change; null stands for none. */
export const judgedSchema = z.strictObject({
  pair: z.int(),
  before: z.enum(VERDICTS).nullable(),
  after: z.enum(VERDICTS).nullable(),
})
export type Judged = Readonly<z.output<typeof judgedSchema>>

export class Judgements {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Stores what an annotator thinks of pairs, in the place of an earlier judgement. Pairs that do not exist are passed over.
   * Returns what changed.
   */
  judge(pairs: readonly number[], annotator: string, verdict: Verdict): Judged[] {
    return this.#database.transaction(() =>
      this.change(
        annotator,
        pairs.map((pair) => ({ pair, before: this.#verdict(pair, annotator), after: verdict })),
      ),
    )
  }

  /**
   * Makes these changes, apart from pairs that are gone, or that the annotator has judged otherwise than `before` says.
   * Returns those that it made.
   */
  change(annotator: string, changes: readonly Judged[]): Judged[] {
    return this.#database.transaction(() =>
      changes.filter(({ pair, before, after }) => {
        if (before === after || this.#verdict(pair, annotator) !== before) return false
        const { changes: rows } =
          after === null
            ? this.#database.run('DELETE FROM pair_judgements WHERE pair = ? AND annotator = ?', pair, annotator)
            : this.#database.run(
                `INSERT INTO pair_judgements (pair, annotator, verdict, time) SELECT id, ?, ?, ? FROM pairs WHERE id = ?
                 ON CONFLICT DO UPDATE SET verdict = excluded.verdict, time = excluded.time`,
                ...[annotator, after, Date.now(), pair],
              )
        return Number(rows) > 0
      }),
    )
  }

  #verdict(pair: number, annotator: string): Verdict | null {
    const row = this.#database.get(
      'SELECT verdict FROM pair_judgements WHERE pair = ? AND annotator = ?',
      pair,
      annotator,
    )
    return row === undefined ? null : readValue(verdictSchema, 'pair_judgements.verdict', row.verdict)
  }

  /** All judgements of a round by annotators, by name and pair. */
  of({ run, round }: RoundKey): Judgement[] {
    return this.#database
      .all(
        `SELECT pair, annotator, verdict FROM pairs JOIN pair_judgements ON pair = pairs.id
         WHERE run = ? AND round = ? ORDER BY annotator, pair`,
        run,
        round,
      )
      .map((row) => ({
        pair: Number(row.pair),
        annotator: String(row.annotator),
        verdict: readValue(verdictSchema, 'pair_judgements.verdict', row.verdict),
      }))
  }

  /** The corrections of a round as judgements, under an empty name: what was reviewed, and kept, dropped or swapped. */
  reviewed({ run, round }: RoundKey): Judgement[] {
    return this.#database
      .all(
        `SELECT id, CASE WHEN keep = 0 THEN 'drop' WHEN swapped = 1 THEN 'swap' ELSE 'keep' END AS verdict FROM pairs
         WHERE run = ? AND round = ? AND reviewed = 1 ORDER BY id`,
        run,
        round,
      )
      .map((row) => ({
        pair: Number(row.id),
        annotator: '',
        verdict: readValue(verdictSchema, 'pairs.keep', row.verdict),
      }))
  }
}

const verdictSchema: z.ZodType<Verdict> = z.enum(VERDICTS)
