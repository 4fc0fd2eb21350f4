/** Damaged stores, stores of others, and disks that refuse: always a sentence, never a stack. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleEpisode, samplePair } from '../../testing/samples.ts'
import { configSchema } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import { Store } from './store.ts'

let room: string
let whole: string
const round = { run: 1, round: 1 }
const key = { ...round, stage: 'collect', arm: 'sft' }

beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'damage-'))
  whole = join(room, 'whole.sqlite')
  const store = new Store(whole)
  store.runs.create('trial', 'collect', configSchema.parse({}), { collection: round })
  store.stages.start(key)
  store.stages.end(key, 'done', { pairs: 2 })
  for (let seed = 0; seed < 20; seed++) store.episodes.add(key, sampleEpisode('click-tab', seed))
  store.episodes.setShots(1, [{ picture: new Uint8Array(9), box: { x: 1, y: 2, width: 3, height: 4 } }])
  store.pairs.replace(round, [samplePair(1), samplePair(2)])
  const [pair] = store.pairs.of(round)
  const before = { ...pair! }
  const { id: _, run: _run, round: _round, task: _task, seed: _seed, step: _step, prompt: _prompt, ...marks } = before
  const changes = [{ pair: before.id, before: marks, after: { ...marks, keep: false } }]
  store.pairs.correct(round, { kind: 'drop', reverts: null, changes })
  store.pairs.setTrainingSet(round, round)
  store.metrics.add(key, 1, { loss: 0.5 })
  store.checkpoints.save(key, 1, { best: 1 }, (file) => {
    mkdirSync(`${whole}-checkpoints`, { recursive: true })
    writeFileSync(file, 'weights')
  })
  store.events.add(1, { event: 'message', text: 'hello' })
  store.tracked('here').put({ ...key, id: null, step: 0, time: 1, ended: false })
  store.close()
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** Reads everything that a lab reads. */
function readAll(path: string): void {
  const store = new Store(path)
  try {
    store.runs.list()
    store.runs.summaries()
    store.runs.get(1)
    store.runs.trainersOn(1)
    store.stages.of(1).map(({ result }) => result)
    store.stages.byRun()
    store.episodes.of(key)
    store.episodes.outcomes(key)
    store.episodes.list({}, { by: 'id', descending: false }, { offset: 0, limit: 50 })
    store.episodes.groups({ run: 1 })
    store.episodes.get(1)
    store.pairs.of(round)
    store.pairs.edits(round, 9)
    store.pairs.editKinds(round)
    store.pairs.trainingSet(round)
    store.pairs.keptAt(round, 0)
    store.metrics.of(1)
    store.metrics.after(key, 0)
    store.checkpoints.get(key)
    store.events.after(0, 9)
    store.events.page({ search: 'hello', limit: 9 })
    store.tracked('here').open()
    store.runs.setStatus(1, 'done')
  } finally {
    store.close()
  }
}

/** What reading says: nothing, or the messages of a UserError. Any other error fails the test. */
function told(path: string): string | null {
  try {
    readAll(path)
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(/^[^\n]+\.$/)
    return (error as Error).message
  }
}

function copied(change: (database: DatabaseSync) => void): string {
  const path = join(room, 'damaged.sqlite')
  for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true })
  copyFileSync(whole, path)
  const database = new DatabaseSync(path)
  database.exec('PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 0')
  change(database)
  database.close()
  return path
}

test('the whole store is read', () => {
  expect(told(copied(() => {}))).toBe(null)
})

test('any text or bytes in any column are read, or told in a sentence', () => {
  const columns = copied(() => {})
  const database = new DatabaseSync(columns)
  const all = database
    .prepare(
      `SELECT s.name AS tab, c.name AS col, c.type AS type FROM sqlite_schema AS s, pragma_table_info(s.name) AS c
       WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%' AND c.type IN ('TEXT', 'BLOB')`,
    )
    .all()
  database.close()
  expect(all.length).toBeGreaterThan(30)
  const wrong = new Set<string>()
  for (const { tab, col, type } of all) {
    for (const value of type === 'TEXT' ? ["'{\"a'", "'null'"] : ["x'0102'"]) {
      const path = copied((damaged) => {
        try {
          damaged.exec(`UPDATE "${tab}" SET "${col}" = ${value}`)
        } catch {
          // Keys stay unique.
        }
      })
      if (told(path) !== null) wrong.add(`${tab}.${col}`)
    }
  }
  // These are JSON or one of a few words, and are checked.
  for (const column of ['runs.status', 'runs.config', 'stages.result', 'episodes.outcome', 'pair_edits.changes']) {
    expect(wrong).toContain(column)
  }
  // The log shows its other lines.
  expect(wrong).not.toContain('events.event')
})

test('a missing table, and a file that is cut off or overwritten, are told in a sentence', () => {
  for (const table of ['runs', 'stages', 'episodes', 'steps', 'pairs', 'metrics', 'events', 'checkpoints']) {
    expect(told(copied((database) => database.exec(`DROP TABLE ${table}`)))).toMatch(/not a store of the lab, or it is/)
  }
  expect(told(copied((database) => database.exec('PRAGMA user_version = 3')))).not.toBe(null)
  const { length } = readFileSync(whole)
  for (let part = 1; part < 8; part++) {
    const path = copied(() => {})
    truncateSync(path, Math.floor((length * part) / 8))
    told(path)
    const bytes = readFileSync(whole)
    bytes.fill(0xa5, Math.floor((length * part) / 8), Math.floor((length * part) / 8) + 3000)
    writeFileSync(path, bytes)
    told(path)
  }
})

test('the database of another program is refused, and not changed', () => {
  const path = join(room, 'mlflow.db')
  const other = new DatabaseSync(path)
  other.exec("CREATE TABLE experiments (name TEXT); INSERT INTO experiments VALUES ('mine')")
  other.close()
  const before = readFileSync(path)
  expect(told(path)).toMatch(/not a store of the lab/)
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('a store of a newer version, and what is not a file, are named', () => {
  expect(told(copied((database) => database.exec('PRAGMA user_version = 999')))).toMatch(/newer version of the lab/)
  mkdirSync(join(room, 'folder'))
  expect(told(join(room, 'folder'))).toMatch(/something other than a file/)
  expect(told(join(whole, 'inside.sqlite'))).toMatch(
    /something else where this file belongs|something other than a file/,
  )
})

test('a store that another program holds is told in a sentence, by a transaction as well', () => {
  const path = copied(() => {})
  const store = new Store(path)
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  expect(store.stages.addSeconds(key, 1)).toBe(false)
  other.exec('ROLLBACK')
  expect(store.stages.addSeconds(key, 1)).toBe(true)
  other.close()
  store.close()
})

test.each([
  ['runs', 'name', 'x/../../y'],
  ['runs', 'name', '..'],
  ['runs', 'name', 'x\0'],
  ['checkpoints', 'file', '../../other.checkpoint'],
  ['checkpoints', 'file', '\0'],
])('a name that leads elsewhere is damage: %s.%s %j', (table, column, name) => {
  const path = copied((database) => {
    database
      .prepare("INSERT OR IGNORE INTO checkpoints VALUES (1, 'sft', 0, 'sft', 10, '1-sft-0-sft-10.checkpoint', '{}')")
      .run()
    database.prepare(`UPDATE ${table} SET ${column} = ?`).run(name)
  })
  const store = new Store(path)
  try {
    const key = { run: 1, stage: 'sft', round: 0, arm: 'sft' }
    expect(() => (table === 'runs' ? store.runs.get(1) : store.checkpoints.drop(key))).toThrow(UserError)
    expect(() => (table === 'runs' ? store.runs.list() : store.checkpoints.get(key))).toThrow(`${table}.${column}`)
  } finally {
    store.close()
  }
})
