import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { writeFileAtomic } from '../files/file.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

const files = () => readdirSync(`${store.path}-checkpoints`)

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'checkpoints-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

test('a checkpoint replaces the one before, and dropping deletes it', () => {
  store.checkpoints.save(key, 10, { best: 0.5 }, (file) => writeFileAtomic(file, 'ten'))
  store.checkpoints.save(key, 20, { best: 0.4 }, (file) => writeFileAtomic(file, 'twenty'))
  expect(files()).toHaveLength(1)
  const kept = store.checkpoints.get(key)
  expect(kept).toMatchObject({ step: 20, state: { best: 0.4 } })
  expect(readFileSync(kept?.file ?? '', 'utf8')).toBe('twenty')
  store.checkpoints.drop(key)
  expect(existsSync(`${store.path}-checkpoints`)).toBe(false)
  expect(store.checkpoints.get(key)).toBeUndefined()
})

test('files that no training knows are removed; those of others are not', () => {
  store.checkpoints.removeLost()
  store.checkpoints.save(key, 10, {}, (file) => writeFileAtomic(file, 'ten'))
  const known = files()
  for (const name of ['1-sft-0-main-20.checkpoint', 'notes.txt']) {
    writeFileAtomic(join(`${store.path}-checkpoints`, name), '')
  }
  store.checkpoints.removeLost()
  expect(files().sort()).toEqual([...known, 'notes.txt'].sort())
})
