import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { writeFileAtomic } from '../files/file.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'checkpoints-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

test('a checkpoint replaces the one before, and dropping deletes it', () => {
  const files = () => readdirSync(`${store.path}-checkpoints`)
  store.checkpoints.save(key, 10, { best: 0.5 }, (file) => writeFileAtomic(file, 'ten'))
  store.checkpoints.save(key, 20, { best: 0.4 }, (file) => writeFileAtomic(file, 'twenty'))
  expect(files()).toHaveLength(1)
  const kept = store.checkpoints.get(key)
  expect(kept).toMatchObject({ step: 20, state: { best: 0.4 } })
  expect(readFileSync(kept?.file ?? '', 'utf8')).toBe('twenty')
  store.checkpoints.drop(key)
  expect(files()).toEqual([])
  expect(store.checkpoints.get(key)).toBeUndefined()
})
