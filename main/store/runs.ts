/** Runs: the command, the settings, and the outcome of each. */
import { z } from 'zod'
import type { Config } from '../config/schema.ts'
import { parseStored } from '../config/stored.ts'
import { UserError } from '../messages/error.ts'
import type { Database, Row } from './database.ts'
import type { RoundKey } from './keys.ts'
import { parseJson, readFileName, readJson, readValue } from './values.ts'

export type Status = 'running' | 'done' | 'failed' | 'stopped'
export const statusSchema: z.ZodType<Status> = z.enum(['running', 'done', 'failed', 'stopped'])

/** A run without its settings. */
export interface RunRecord {
  readonly id: number
  readonly name: string
  /** The run's command, as the runner wrote it. */
  readonly command: unknown
  /** The earlier collection whose pairs it trains on; null where it uses its own, or the latest. */
  readonly collection: RoundKey | null
  readonly status: Status
  /** Milliseconds since 1970. */
  readonly started: number
  readonly ended: number | null
}

/** A run with the settings that lists show; 0 or '' where an older version had no such setting. */
export interface RunSummary extends RunRecord {
  readonly seed: number
  readonly model: string
  /** Number of tasks. */
  readonly tasks: number
  readonly rounds: number
  /** Folder of its reports. */
  readonly reports: string
}

export interface Run extends RunSummary {
  /** All settings, defaults included. */
  readonly config: Config
}

const RECORD = 'id, name, command, collection, status, started, ended'
// SQLite reads these values much faster than the schema parses a whole configuration.
const SUMMARY = `${RECORD}, config ->> '$.project.seed' AS seed, config ->> '$.model.base_model_name' AS model,
  json_array_length(config, '$.tasks') AS tasks, config ->> '$.flywheel.rounds' AS rounds,
  config ->> '$.paths.reports' AS reports`

/** The runs of the store. `setDeleted` hides a run, and `purge` deletes it for good. Queries leave out hidden runs. */
export class Runs {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Adds a run and returns its id: the given one, which no run may have, or one more than the highest. */
  create(
    name: string,
    command: unknown,
    config: Config,
    { id, collection = null }: { readonly id?: number; readonly collection?: RoundKey | null } = {},
  ): number {
    const { lastInsertRowid } = this.#database.run(
      `INSERT INTO runs (id, name, command, config, collection, status, started)
       VALUES (coalesce(?, (SELECT coalesce(max(id), 0) FROM runs) + 1), ?, ?, ?, ?, 'running', ?)`,
      id ?? null,
      name,
      JSON.stringify(command),
      JSON.stringify(config),
      JSON.stringify(collection),
      Date.now(),
    )
    return Number(lastInsertRowid)
  }

  /** The messages before the user's in the run's prompts; undefined before it has asked the model. */
  prompt(id: number): PromptMessages | undefined {
    const { prompt } = this.#row(id, 'prompt')
    return prompt === null ? undefined : readJson(promptSchema, 'runs.prompt', prompt)
  }

  setPrompt(id: number, messages: PromptMessages): void {
    this.#database.run('UPDATE runs SET prompt = ? WHERE id = ?', JSON.stringify(messages), id)
  }

  setStatus(id: number, status: Status): void {
    const ended = status === 'running' ? null : Date.now()
    this.#database.run('UPDATE runs SET status = ?, ended = ? WHERE id = ?', status, ended, id)
  }

  /** Every run, the latest first. */
  list(): RunRecord[] {
    return this.#database.all(`SELECT ${RECORD} FROM runs WHERE deleted IS NULL ORDER BY id DESC`).map(readRecord)
  }

  /** Every run with the settings that a list needs, the latest first. */
  summaries(): RunSummary[] {
    return this.#database.all(`SELECT ${SUMMARY} FROM runs WHERE deleted IS NULL ORDER BY id DESC`).map(readSummary)
  }

  /** The ids of all runs, the latest first. */
  ids(): number[] {
    return this.#database.all('SELECT id FROM runs WHERE deleted IS NULL ORDER BY id DESC').map(({ id }) => Number(id))
  }

  /** The latest run; undefined where there is none. */
  latest(): RunRecord | undefined {
    const row = this.#database.get(`SELECT ${RECORD} FROM runs WHERE deleted IS NULL ORDER BY id DESC LIMIT 1`)
    return row === undefined ? undefined : readRecord(row)
  }

  /** The highest id of a run, hidden ones included; 0 where there is none. */
  highest(): number {
    return Number(this.#database.get('SELECT coalesce(max(id), 0) AS id FROM runs')?.id)
  }

  /** The run with this id; undefined where there is none. */
  find(id: number): RunRecord | undefined {
    const row = this.#database.get(`SELECT ${RECORD} FROM runs WHERE id = ? AND deleted IS NULL`, id)
    return row === undefined ? undefined : readRecord(row)
  }

  /** The run with this id, also if it is hidden. Throws an Error where there is none. */
  record(id: number): RunRecord {
    return readRecord(this.#row(id, RECORD))
  }

  /**
   * The run with this id and its settings, also if it is hidden. Throws an Error where there is none, and UserError
   * where another version of the lab wrote its settings.
   */
  get(id: number): Run {
    const row = this.#row(id, `${SUMMARY}, config`)
    const config = parseStored(withEarlier(parseJson('runs.config', row.config)))
    if (!config.success) {
      const key = config.error.issues[0]?.path.join('.') ?? ''
      throw new UserError('runOfOtherVersion', { path: this.#database.path, run: id, key })
    }
    return { ...readSummary(row), config: config.data }
  }

  /** The values of some settings of every run, by run, in the order of the keys; null where a run has no such setting. */
  values(keys: readonly string[]): Map<number, unknown[]> {
    const columns = keys.map((_, at) => `, config -> ? AS value${at}`).join('')
    const rows = this.#database.all(
      `SELECT id${columns} FROM runs WHERE deleted IS NULL`,
      ...keys.map((key) => `$.${key}`),
    )
    return new Map(
      rows.map((row) => [
        Number(row.id),
        keys.map((_, at) => (row[`value${at}`] === null ? null : parseJson('runs.config', row[`value${at}`]))),
      ]),
    )
  }

  #row(id: number, columns: string): Row {
    const row = this.#database.get(`SELECT ${columns} FROM runs WHERE id = ?`, id)
    if (row === undefined) throw new Error(`${this.#database.path}: there is no run ${id}.`)
    return row
  }

  /** Hides a run, or shows it again. Its data stay until it is purged. */
  setDeleted(id: number, deleted: boolean): void {
    this.#database.run('UPDATE runs SET deleted = ? WHERE id = ?', deleted ? Date.now() : null, id)
  }

  /** The runs that were hidden before `time` (milliseconds since 1970), the earliest first. */
  deleted(time: number): RunRecord[] {
    return this.#database.all(`SELECT ${RECORD} FROM runs WHERE deleted < ? ORDER BY id`, time).map(readRecord)
  }

  /**
   * The runs that train on pairs of this run and are not done, the earliest first. Resuming them takes its pairs,
   * episodes and adapters.
   */
  trainersOn(id: number): number[] {
    return this.#database
      .all(
        `SELECT id FROM runs WHERE deleted IS NULL AND status <> 'done' AND id <> ?
           AND (collection ->> '$.run' = ? OR id IN (SELECT run FROM training_sets WHERE collection_run = ?))
         ORDER BY id`,
        id,
        id,
        id,
      )
      .map((row) => Number(row.id))
  }

  /** Deletes a run and all its data. */
  purge(id: number): void {
    this.#database.run('DELETE FROM runs WHERE id = ?', id)
  }
}

const promptSchema = z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
type PromptMessages = Readonly<z.output<typeof promptSchema>>

const collectionSchema: z.ZodType<RoundKey | null> = z.object({ run: z.int(), round: z.int() }).nullable()

function readRecord(row: Row): RunRecord {
  return {
    id: Number(row.id),
    name: readFileName('runs.name', row.name),
    command: parseJson('runs.command', row.command),
    collection: readJson(collectionSchema, 'runs.collection', row.collection),
    status: readValue(statusSchema, 'runs.status', row.status),
    started: Number(row.started),
    ended: row.ended === null ? null : Number(row.ended),
  }
}

function readSummary(row: Row): RunSummary {
  return {
    ...readRecord(row),
    seed: Number(row.seed ?? 0),
    model: String(row.model ?? ''),
    tasks: Number(row.tasks ?? 0),
    rounds: Number(row.rounds ?? 0),
    reports: String(row.reports ?? ''),
  }
}

/** Settings as they were recorded, with what the lab did before there was a key for it. A resumed run goes on so. */
function withEarlier(settings: unknown): unknown {
  const recorded = z.looseObject({ model: z.looseObject({}) }).safeParse(settings)
  if (!recorded.success) return settings
  return { ...recorded.data, model: { constrained: false, ...recorded.data.model } }
}
