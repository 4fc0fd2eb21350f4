import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BEFORE } from './agent/prompt.ts'
import { keepPrompt } from './commands.ts'
import { configSchema } from './config/schema.ts'
import type { Say } from './messages/message.ts'
import { Store } from './store/store.ts'

test('a run keeps the prompt that it asks with first, and tells where it goes on with another', () => {
  const store = new Store(join(mkdtempSync(join(tmpdir(), 'commands-')), 'lab.sqlite'))
  const run = store.runs.create('trial', 'pipeline', configSchema.parse({}))
  const said: string[] = []
  const say: Say = (id, ..._given) => {
    said.push(id)
  }
  const keep = (style: 'compact' | 'instruct') => keepPrompt(store, run, style, say)
  keep('instruct')
  keep('instruct')
  expect(said).toEqual([])
  keep('compact')
  expect(said).toEqual(['promptChanged'])
  expect(store.runs.prompt(run)).toEqual(BEFORE.instruct)
  store.close()
})
