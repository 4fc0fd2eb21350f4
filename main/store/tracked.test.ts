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

test('what was not ended is still known after its run was hidden or deleted for good', () => {
  const store = new Store(join(mkdtempSync(join(tmpdir(), 'tracked-')), 'lab.sqlite'))
  const run = store.runs.create('trial', 'sft', configSchema.parse({}))
  const here = store.tracked('file:mlruns')
  const arm = (name: string) => ({ run, stage: 'dpo', round: 1, arm: name, step: 3, time: 5, ended: false })
  here.put({ ...arm('dpo'), id: null })
  here.put({ ...arm('dpo'), id: 'one' })
  here.put({ ...arm('replay'), id: 'two', ended: true })
  store.runs.setDeleted(run, true)
  expect(here.open()).toHaveLength(1)
  expect(here.left()).toEqual([])
  store.runs.purge(run)
  expect(here.open()).toEqual([])
  expect(here.left()).toEqual([{ id: 'one', time: 5 }])
  expect(store.tracked('elsewhere').left()).toEqual([])
  here.forget('one')
  expect(here.left()).toEqual([])
  store.close()
})
