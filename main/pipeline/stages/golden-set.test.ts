import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import { message, type Say } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import { Store } from '../../store/store.ts'
import type { StageContext } from '../stage.ts'
import { goldenSet, setGoldenSet } from './golden-set.ts'

const say: Say = () => {}

test('a run keeps the samples that it began with; what is added or edited belongs to the next run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'golden-set-'))
  const file = join(folder, 'golden.jsonl')
  const config = configSchema.parse({ paths: { sft_data: file } })
  const path = join(folder, 'lab.sqlite')
  let store = new Store(path)
  const begin = () => ({ config, store, run: store.runs.create('trial', 'sft', config), say }) as StageContext
  const texts = async (context: StageContext) => (await goldenSet(context)).map(({ completion }) => completion)

  writeFileSync(file, '{"prompt":"p","completion":"a"}\n')
  const first = begin()
  setGoldenSet(first, await goldenSet(first))
  appendFileSync(file, '{"prompt":"p","completion":"b"}\n')
  expect(await texts(first)).toEqual(['a'])
  const second = begin()
  expect(await texts(second)).toEqual(['a', 'b'])
  setGoldenSet(second, (await goldenSet(second)).slice(1))
  setGoldenSet(second, [])
  store.close()

  writeFileSync(file, 'no samples at all')
  store = new Store(path)
  expect(await texts({ ...first, store })).toEqual(['a'])
  expect(await texts({ ...second, store })).toEqual(['b'])
  await expect(goldenSet(begin())).rejects.toThrow(`${file} is not JSON lines`)
  store.close()
})

test('samples that the agent could not play like are told once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'golden-set-'))
  const file = join(folder, 'golden.jsonl')
  const config = configSchema.parse({ paths: { sft_data: file } })
  const store = new Store(join(folder, 'lab.sqlite'))
  const said: string[] = []
  const tell: Say = (id, ...given) => void said.push(english(message(id, ...given)))
  const context = { config, store, run: store.runs.create('trial', 'sft', config), say: tell } as StageContext
  const row = (system: string, completion: string) =>
    JSON.stringify({
      prompt: [...(system === '' ? [] : [{ role: 'system', content: system }]), { role: 'user', content: 'p' }],
      completion: [{ role: 'assistant', content: completion }],
    })
  const good = 'Thought: t\nAction: press Enter'
  writeFileSync(file, [row('', good), row('Be brief.', good), row('', 'press Enter')].join('\n'))
  const samples = await goldenSet(context)
  setGoldenSet(context, samples)
  expect(await goldenSet(context)).toEqual(samples)
  store.close()
  expect(said).toEqual([
    `${file}: 1 sample has another system message than the agent plays with (line 2)`,
    `${file}: the agent could not act on the answer of 1 sample (line 3). Training uses it all the same.`,
  ])
})
