/** The rows of a lab's store, read with SQL of the campaign's own: what judges the store must not be the store. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Columns that depend on time, or number rows in the order in which they came. */
const OMITTED: Readonly<Record<string, readonly string[]>> = {
  runs: ['started', 'ended'],
  stages: ['started', 'ended', 'seconds'],
  episodes: ['id', 'duration', 'machine'],
  pairs: ['id'],
  pair_edits: ['id', 'time'],
  tracked: ['id', 'time'],
  studies: ['created'],
}
/** The log differs where a run was resumed, and says so. */
const OMITTED_TABLES = new Set(['events', 'sqlite_sequence'])

/** Steps by the episode that they belong to, in place of its number. */
const STEPS = `SELECT episodes.run, stage, round, arm, task, seed, attempt, position, page, prompt, completion,
    hex(tokens) AS tokens, logprob, thought, action
  FROM steps JOIN episodes ON episodes.id = episode`

/** Checks that change nothing: the campaign runs them where a killed run was done, as the next command that a user gives. */
const CHECKS = `SELECT id FROM runs WHERE command = '"verify"'`

/** The rows of every table, by 'table NAME', as sorted lines of JSON. */
export function readStore(path: string): [string, string[]][] {
  const store = new DatabaseSync(path, { readOnly: true })
  try {
    const tables = store.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
    const integrity = store.prepare('PRAGMA integrity_check').all()
    return [
      ['integrity', integrity.map((row) => JSON.stringify(row))],
      ...tables
        .map(({ name }) => String(name))
        .filter((name) => !OMITTED_TABLES.has(name))
        .map((name): [string, string[]] => {
          const rows = store.prepare(queryOf(store, name)).all()
          return [`table ${name}`, rows.map((row) => JSON.stringify(row)).sort()]
        }),
    ]
  } finally {
    store.close()
  }
}

function queryOf(store: DatabaseSync, table: string): string {
  if (table === 'steps') return STEPS
  const all = store
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name))
  const columns = all.filter((name) => !OMITTED[table]?.includes(name))
  const conditions = [
    ...(all.includes('run') ? [`run NOT IN (${CHECKS})`] : []),
    ...(table === 'runs' ? [`id NOT IN (${CHECKS})`] : []),
    // Free memory and disk are in the result of this stage.
    ...(table === 'stages' ? [`stage != 'verify'`] : []),
    ...(all.includes('name') && all.includes('step') ? [`name != 'tokens_per_second'`] : []),
    ...(table === 'metric_buckets' ? [`name != 'tokens_per_second'`] : []),
  ]
  return `SELECT ${columns.join(', ')} FROM ${table} WHERE ${['1', ...conditions].join(' AND ')}`
}

/** The latest run of a command; undefined where there is no store or no such run. */
export function latestRun(path: string, command: string): { id: number; status: string } | undefined {
  if (!existsSync(path)) return undefined
  const store = new DatabaseSync(path)
  try {
    const row = store
      .prepare('SELECT id, status FROM runs WHERE command = ? ORDER BY id DESC')
      .get(JSON.stringify(command))
    return row === undefined ? undefined : { id: Number(row.id), status: String(row.status) }
  } catch {
    // The kill came before the tables.
    return undefined
  } finally {
    store.close()
  }
}

/** Whether the store has a study. */
export function hasStudies(path: string): boolean {
  if (!existsSync(path)) return false
  const store = new DatabaseSync(path)
  try {
    return store.prepare('SELECT id FROM studies').all().length > 0
  } finally {
    store.close()
  }
}

/** Deletes the latest run as a person does in the window. The member of a study that it was is then to be played again. */
export function hideLatestRun(path: string): void {
  const store = new DatabaseSync(path)
  try {
    store.exec(`UPDATE runs SET deleted = 1 WHERE id = (SELECT max(id) FROM runs);
      UPDATE study_members SET cancelled = 0`)
  } finally {
    store.close()
  }
}

/** The number of the latest run; 0 where there is none. */
export function latestRunOfAll(path: string): number {
  if (!existsSync(path)) return 0
  const store = new DatabaseSync(path)
  try {
    return Number(store.prepare('SELECT max(id) AS latest FROM runs').get()?.latest ?? 0)
  } finally {
    store.close()
  }
}
