import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import { Store } from '../../store/store.ts'
import type { StageContext } from '../stage.ts'
import { goldenSet, setGoldenSet } from './golden-set.ts'

test('a run keeps the samples that it began with; what is added or edited belongs to the next run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'golden-set-'))
  const file = join(folder, 'golden.jsonl')
  const config = configSchema.parse({ paths: { sft_data: file } })
  const path = join(folder, 'lab.sqlite')
  let store = new Store(path)
  const begin = () => ({ config, store, run: store.runs.create('trial', 'sft', config) }) as StageContext
  const texts = async (context: StageContext) => (await goldenSet(context)).map(({ completion }) => completion)

  writeFileSync(file, '{"prompt":"p","completion":"a"}\n')
  const first = begin()
  expect(await texts(first)).toEqual(['a'])
  appendFileSync(file, '{"prompt":"p","completion":"b"}\n')
  expect(await texts(first)).toEqual(['a'])
  const second = begin()
  expect(await texts(second)).toEqual(['a', 'b'])
  setGoldenSet(second, (await goldenSet(second)).slice(1))
  store.close()

  writeFileSync(file, 'no samples at all')
  store = new Store(path)
  expect(await texts({ ...first, store })).toEqual(['a'])
  expect(await texts({ ...second, store })).toEqual(['b'])
  await expect(goldenSet(begin())).rejects.toThrow(`${file}:1: this line is not complete JSON`)
  store.close()
})
