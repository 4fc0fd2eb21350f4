import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type * as files from '../files/file.ts'
import { Store } from '../store/store.ts'
import { claimFolder, newNumber } from './run-folder.ts'

vi.mock('../files/file.ts', async (original) => ({
  ...(await original<typeof files>()),
  writeFileAtomic: () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  },
}))

test('a folder that could not be marked, because the disk was full, takes no number', () => {
  const room = mkdtempSync(join(tmpdir(), 'run-folder-'))
  const reports = join(room, 'reports')
  const store = new Store(join(room, 'lab.sqlite'))
  const config = configSchema.parse({ paths: { reports } })
  const { id, leave } = newNumber(store, config)
  leave()
  const { name } = config.project
  const run = { id, name, started: 1, reports }
  expect(() => claimFolder(store, run)).toThrow(/disk is full/)
  expect(readdirSync(reports)).toEqual([])
  expect(newNumber(store, config).id).toBe(id)
  store.close()
})
