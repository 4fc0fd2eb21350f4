import { execFileSync, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdtempSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleEpisode } from '../../testing/samples.ts'
import { configSchema } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let folder: string
let store: Store
let key: ArmKey

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
  store = new Store(join(folder, 'lab.sqlite'))
  const run = store.runs.create('trial', { stages: ['collect'] }, configSchema.parse({}))
  key = { run, stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

test('a failed transaction changes nothing', () => {
  expect(() =>
    store.transaction(() => {
      store.runs.setStatus(key.run, 'done')
      throw new Error('in the middle')
    }),
  ).toThrow('in the middle')
  expect(store.runs.latest()?.status).toBe('running')
})

test('an inner transaction is stored or undone with the outer one', () => {
  expect(() =>
    store.transaction(() => {
      store.transaction(() => store.runs.setStatus(key.run, 'done'))
      throw new Error('in the middle')
    }),
  ).toThrow('in the middle')
  expect(store.runs.latest()?.status).toBe('running')
  store.transaction(() => store.transaction(() => store.runs.setStatus(key.run, 'done')))
  expect(store.runs.latest()?.status).toBe('done')
})

test('a file that is not a store, or one of a newer version, is refused with a message', () => {
  const text = join(folder, 'notes.txt')
  writeFileSync(text, 'not a database at all, but long enough to be read as one '.repeat(20))
  expect(() => new Store(text)).toThrow(/notes.txt: this file is not a store of the lab/)
  const future = join(folder, 'future.sqlite')
  const database = new DatabaseSync(future)
  database.exec('PRAGMA user_version = 999')
  database.close()
  expect(() => new Store(future)).toThrow(/newer version/)
  expect(() => new Store(join(text, 'x.sqlite'))).toThrow(/something else where this file belongs/)
})

test('two processes that upgrade the same store at once make each step once', async () => {
  const path = join(folder, 'shared.sqlite')
  const script = `
    const { DatabaseSync } = await import('node:sqlite')
    const { MIGRATIONS } = await import(${JSON.stringify(join(import.meta.dirname, 'migrations.ts'))})
    const database = new DatabaseSync(${JSON.stringify(path)})
    database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
    console.log('held')
    setTimeout(() => {
      for (const migration of MIGRATIONS) database.exec(migration)
      database.exec('PRAGMA user_version = ' + MIGRATIONS.length + '; COMMIT')
    }, 300)`
  const other = spawn(process.execPath, ['--input-type=module', '-e', script])
  const gone = new Promise((resolve) => other.once('exit', resolve))
  await new Promise((resolve) => other.stdout.once('data', resolve))
  const second = new Store(path)
  expect(second.runs.ids()).toEqual([])
  second.close()
  expect(await gone).toBe(0)
})

test('data written before a kill -9 are there afterwards', () => {
  const script = `
    const { Store } = await import(${JSON.stringify(join(import.meta.dirname, 'store.ts'))})
    const store = new Store(${JSON.stringify(store.path)})
    store.metrics.add(${JSON.stringify(key)}, 7, { loss: 0.125 })
    process.kill(process.pid, 'SIGKILL')`
  expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })).toThrow()
  expect(store.metrics.of(key.run)).toMatchObject([{ step: 7, value: 0.125 }])
})

test('every query reports a damaged store', () => {
  for (let seed = 0; seed < 400; seed++) store.episodes.add(key, sampleEpisode('click-tab', seed))
  store.close()
  const file = openSync(store.path, 'r+')
  const middle = Math.floor(fstatSync(file).size / 2)
  writeSync(file, Buffer.alloc(40_000, 0x5a), 0, 40_000, middle)
  closeSync(file)
  store = new Store(store.path)
  expect(() => store.episodes.of(key)).toThrow(UserError)
})
