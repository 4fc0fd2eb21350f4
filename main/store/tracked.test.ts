import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { Store } from './store.ts'

test('each place has a separate account', () => {
  const store = new Store(join(mkdtempSync(join(tmpdir(), 'tracked-')), 'lab.sqlite'))
  const run = store.runs.create('trial', 'sft', configSchema.parse({}))
  const key = { run, stage: 'sft', round: 0, arm: '' }
  const [here, there] = [store.tracked('file:mlruns'), store.tracked('http://there')]
  const told = { ...key, id: null, step: 0, time: 5, ended: false }
  here.put(told)
  expect([here.get(key), there.get(key)]).toEqual([told, undefined])
  expect([here.open(), there.open()]).toEqual([[told], []])
  here.put({ ...told, id: 'abc', step: 7, ended: true })
  expect(here.get(key)).toMatchObject({ id: 'abc', step: 7 })
  expect(here.open()).toEqual([])
  store.close()
})
