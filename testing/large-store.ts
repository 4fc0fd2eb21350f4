/**
 * Multiplies what one run left in a store: hundreds of runs, hundreds of thousands of attempts, a round of thousands of pairs,
 * and trainings of a hundred thousand steps. It writes the file by SQL, without indexes and triggers, because the store's own
 * functions would take an hour for the largest size. New columns of a table are copied as they are.
 */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { uniformStream } from '../main/engine/random.ts'

export interface LabSize {
  /** Runs, including the large one. */
  readonly runs: number
  /** The least number of attempts of all runs. */
  readonly episodes: number
  /** The least number of pairs of the last run's only round. */
  readonly pairs: number
  /** Optimiser steps of the DPO of the last run, of every policy. */
  readonly steps: number
  /** The number of latest runs whose DPO has a loss of that many steps. */
  readonly longRuns: number
}

/** Seeds between two copies of the same attempts. */
const STRIDE = 1000
/** The largest noise on a value of a copied curve, as a share of it. */
const JITTER = 0.1
/** One in so many copies of the last run's attempts keeps its pictures. The other runs have none. */
const PICTURED = 10
/** Steps that the store summarises together. */
const BUCKET = 32

/** Copies the only run of a store until there are as many runs, attempts, pairs and steps; returns the id of the last run. */
export function multiply(path: string, run: number, size: LabSize): number {
  const store = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  try {
    // A power cut may break the file: then the bench makes it again.
    store.exec(
      'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -500000',
    )
    const last = planCopies(store, run, size)
    const later = dropDerived(store)
    store.exec('BEGIN')
    copyRows(store, 'runs', `id = ${run}`, { id: 'copies.run' })
    for (const table of ['stages', 'metrics', 'metric_buckets']) {
      copyRows(store, table, `run = ${run}`, { run: 'copies.run' })
    }
    copyRows(store, 'events', `run = ${run}`, { id: 'NULL', run: 'copies.run' })
    copyEpisodes(store, run)
    const ofPair = { id: 'NULL', run: 'copies.run', seed: `seed + copy * ${STRIDE}` }
    copyRows(store, 'pairs', `run = ${run}`, ofPair, `copy = 0 OR copies.run = ${last}`)
    stretch(store, { run: last, names: null }, size.steps)
    for (let one = last - size.longRuns + 1; one < last; one++)
      stretch(store, { run: one, names: "'loss'" }, size.steps)
    store.exec(`
      DELETE FROM episode_counts;
      INSERT INTO episode_counts
        SELECT run, stage, round, arm, task, outcome, count(*) FROM episodes GROUP BY run, stage, round, arm, task, outcome;
      COMMIT`)
    for (const sql of later) store.exec(sql)
    summarise(store, last - size.longRuns + 1)
    return last
  } finally {
    store.close()
  }
}

/**
 * Makes the table `copies`: the runs to be, each with the copies of the recorded attempts that it gets. Returns the last run.
 * That one gets a copy of the paired attempts for every copy of the pairs.
 */
function planCopies(store: DatabaseSync, run: number, { runs, episodes, pairs }: LabSize): number {
  const count = (sql: string) => Number(store.prepare(sql).get(run)?.n)
  store.exec(
    'CREATE TEMP TABLE paired (task TEXT, seed INTEGER, attempt INTEGER, PRIMARY KEY (task, seed, attempt)) WITHOUT ROWID',
  )
  for (const which of ['chosen', 'rejected']) {
    store.prepare(`INSERT OR IGNORE INTO paired SELECT task, seed, ${which}_attempt FROM pairs WHERE run = ?`).run(run)
  }
  const copies = Math.ceil(pairs / count('SELECT count(*) AS n FROM pairs WHERE run = ?'))
  const paired = copies * Number(store.prepare('SELECT count(*) AS n FROM paired').get()?.n)
  const each = count('SELECT count(*) AS n FROM episodes WHERE run = ?')
  const share = Math.max(1, Math.ceil((episodes - paired) / each / runs))
  const last = run + Math.max(1, runs - 1)
  store.exec('CREATE TEMP TABLE copies (at INTEGER PRIMARY KEY, run INTEGER, copy INTEGER)')
  const insert = store.prepare('INSERT INTO copies (run, copy) VALUES (?, ?)')
  for (let one = run + 1; one < last; one++) for (let copy = 0; copy < share; copy++) insert.run(one, copy)
  for (let copy = 0; copy < copies; copy++) insert.run(last, copy)
  return last
}

/** Copies attempts with their steps under new ids and seeds. The last run has only paired ones from its second copy on. */
function copyEpisodes(store: DatabaseSync, run: number): void {
  store.exec(`
    CREATE TEMP TABLE played AS SELECT id, stage = 'collect' AND (task, seed, attempt) IN paired AS paired FROM episodes WHERE run = ${run};
    CREATE UNIQUE INDEX temp.played_by_id ON played (id, paired)`)
  const [{ first, after }] = store.prepare('SELECT min(id) AS first, max(id) + 1 AS after FROM played').all() as [Row]
  const id = (name: string) => `copies.at * ${Number(after) - Number(first)} + source.${name}`
  const has = (name: string) => `copy = 0 OR copies.run < (SELECT max(run) FROM copies)
    OR EXISTS (SELECT 1 FROM played WHERE id = source.${name} AND paired)`
  const ofEpisode = { id: id('id'), run: 'copies.run', seed: `seed + copy * ${STRIDE}` }
  copyRows(store, 'episodes', `run = ${run}`, ofEpisode, has('id'))
  // All pictures of half a million attempts would take tens of gigabytes.
  const picture = `iif(copies.run = (SELECT max(run) FROM copies) AND copy % ${PICTURED} = 0, picture, NULL)`
  copyRows(store, 'steps', 'episode IN (SELECT id FROM played)', { episode: id('episode'), picture }, has('episode'))
}

type Row = Record<string, SQLOutputValue>

/**
 * Adds rows of a table, those of a condition, once more for every row of `copies`, with some columns computed anew; by default
 * for the first copy of every run.
 */
function copyRows(
  store: DatabaseSync,
  table: string,
  recorded: string,
  changed: Readonly<Record<string, string>>,
  copied = 'copy = 0',
): void {
  const names = store
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name))
  const columns = names.map((name) => changed[name] ?? `source.${name}`)
  // From a table of its own: SQLite would gather all rows in memory before it writes to a table that it reads.
  store.exec(`
    CREATE TEMP TABLE source AS SELECT * FROM ${table} WHERE ${recorded};
    INSERT INTO ${table} (${names.join(', ')}) SELECT ${columns.join(', ')}
      FROM copies CROSS JOIN source WHERE ${copied} ORDER BY copies.at;
    DROP TABLE source`)
}

/** Stretches the copied curves of a run's DPO to so many steps, with noise on every value. `names`: only these. */
function stretch(store: DatabaseSync, { run, names }: { run: number; names: string | null }, steps: number): void {
  const random = uniformStream(run)
  store.function('noise', {}, () => 1 + JITTER * (2 * random() - 1))
  const ofCurves = `run = ${run} AND stage = 'dpo'${names === null ? '' : ` AND arm = 'dpo' AND name IN (${names})`}`
  store.exec(`
    CREATE TEMP TABLE recorded AS SELECT * FROM metrics WHERE ${ofCurves};
    DELETE FROM metrics WHERE ${ofCurves};
    DELETE FROM metric_buckets WHERE ${ofCurves};
    CREATE INDEX temp.recorded_by_step ON recorded (arm, step, name);
    WITH RECURSIVE counted (step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM counted WHERE step < ${steps}),
      arms AS (SELECT arm, max(step) AS last FROM recorded GROUP BY arm)
    INSERT INTO metrics (run, stage, round, arm, step, name, value)
      SELECT run, stage, round, arm, counted.step, name, value * noise()
      FROM arms CROSS JOIN counted CROSS JOIN recorded USING (arm)
      WHERE recorded.step = 1 + (counted.step - 1) * last / ${steps};
    DROP TABLE recorded`)
}

/** Writes the last step of every bucket once more, of the runs from this one on: the store's own trigger then summarises the bucket. */
function summarise(store: DatabaseSync, from: number): void {
  store.exec(`
    BEGIN;
    CREATE TEMP TABLE ends AS
      SELECT run, stage, round, arm, max(step) AS step, name FROM metrics WHERE run >= ${from} AND stage = 'dpo'
      GROUP BY run, stage, round, arm, name, step / ${BUCKET};
    INSERT OR REPLACE INTO metrics SELECT metrics.* FROM ends CROSS JOIN metrics USING (run, stage, round, arm, step, name);
    COMMIT`)
}

/** Drops all indexes and triggers; returns the SQL that makes them again. */
function dropDerived(store: DatabaseSync): string[] {
  const derived = store
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL")
    .all()
  for (const { type, name } of derived) store.exec(`DROP ${type} ${name}`)
  return derived.map(({ sql }) => String(sql))
}
