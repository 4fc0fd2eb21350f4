import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeCheckpoint } from '../../testing/installed-models.ts'
import { randomAdapter } from '../../testing/random-model.ts'
import { tinyGguf } from '../../testing/tiny-gguf.ts'
import { loadConfig } from '../config/config.ts'
import type { Config } from '../config/schema.ts'
import { saveAdapter } from '../engine/adapter/adapter.ts'
import { architectureOf } from '../engine/architecture.ts'
import { recogniseData, recognisePath } from './recognise.ts'

let folder: string
let config: Config
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'given-'))
  config = loadConfig(undefined)
  await writeCheckpoint(join(folder, 'model'))
  writeFileSync(join(folder, 'tiny.gguf'), tinyGguf())
  const shape = architectureOf(config.model.base_model_name)
  await saveAdapter(join(folder, 'adapter'), config.lora, randomAdapter(shape, config.lora, 1), 'models/base')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => recognisePath(config, join(folder, name))

test('a folder, one of its files, and a GGUF file are models', async () => {
  expect(await at('model')).toMatchObject({
    kind: 'model',
    path: join(folder, 'model'),
    family: 'qwen2',
    problem: null,
  })
  expect(await at('model/model.safetensors')).toEqual(await at('model'))
  expect(await at('tiny.gguf')).toMatchObject({ kind: 'model', path: join(folder, 'tiny.gguf'), problem: null })
})

test('a model that the lab cannot use comes with the reason', async () => {
  mkdirSync(join(folder, 'other'))
  writeFileSync(join(folder, 'other/config.json'), '{"model_type": "t5"}')
  expect(await at('other')).toMatchObject({ kind: 'model', problem: { id: 'modelOtherFamily' } })
})

test('an adapter is recognised, and refused where it does not fit the base model', async () => {
  expect(await at('adapter')).toMatchObject({ kind: 'adapter', r: config.lora.r, base: 'models/base', notes: [] })
  expect(await at('adapter/adapter_config.json')).toMatchObject({ kind: 'adapter' })
  const model = { ...config.model, base_model_name: join(folder, 'model') }
  await expect(recognisePath({ ...config, model }, join(folder, 'adapter'))).rejects.toThrow(
    /adapter_model\.safetensors/,
  )
  mkdirSync(join(folder, 'around'))
  await saveAdapter(
    join(folder, 'around/dpo'),
    config.lora,
    randomAdapter(architectureOf('models/base'), config.lora, 1),
    'models/base',
  )
  await expect(at('around')).rejects.toThrow(/dpo/)
})

test('everything else is named for what it is', async () => {
  mkdirSync(join(folder, 'empty'))
  writeFileSync(join(folder, 'notes.txt'), 'a')
  writeFileSync(join(folder, 'pairs.jsonl'), '{}')
  mkdirSync(join(folder, 'two'))
  for (const name of ['a.gguf', 'b.gguf']) writeFileSync(join(folder, 'two', name), tinyGguf())
  await expect(at('nowhere')).rejects.toThrow(/nothing at .*nowhere/)
  await expect(at('empty')).rejects.toThrow(/neither a model, an adapter nor a data set/)
  await expect(at('notes.txt')).rejects.toThrow(/neither a model/)
  await expect(at('pairs.jsonl')).rejects.toThrow(/drop the file itself/)
  truncateSync(join(folder, 'pairs.jsonl'), 300 << 20)
  await expect(at('pairs.jsonl')).rejects.toThrow(/pairs\.jsonl.*300/)
  await expect(at('two')).rejects.toThrow(/several models: a\.gguf, b\.gguf/)
})

const user = [{ role: 'user', content: 'Page:\n a button 1\nTask: Click a.' }]
const assistant = (content: string) => [{ role: 'assistant', content }]

test('data are samples or pairs by their keys, with their number and tasks', async () => {
  const sample = {
    prompt: user,
    completion: assistant('Thought: a\nAction: click a button 1'),
    task: 'click-button',
    seed: 1,
  }
  const pair = { prompt: user, chosen: assistant('b'), rejected: assistant('c'), task: 'click-link' }
  const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  expect(await recogniseData(lines(sample, { ...sample, seed: 2 }), 'a.jsonl')).toEqual({
    kind: 'golden',
    count: 2,
    tasks: ['click-button'],
  })
  expect(await recogniseData(lines(pair), 'b.jsonl')).toEqual({ kind: 'pairs', count: 1, tasks: ['click-link'] })
  await expect(recogniseData(lines({ text: 1, id: 2 }), 'c.jsonl')).rejects.toThrow(/keys text, id/)
  await expect(recogniseData(lines(sample, { prompt: 3 }), 'd.jsonl')).rejects.toThrow(/d\.jsonl:2/)
  await expect(recogniseData('', 'e.jsonl')).rejects.toThrow(/e\.jsonl has no samples/)
  await expect(recogniseData('a,b\n1,2\n', 'f.csv')).rejects.toThrow(/f\.csv/)
})
