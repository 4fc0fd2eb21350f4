import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { homeWithModels } from '../../testing/home-with-models.ts'
import { writeCheckpoint } from '../../testing/installed-models.ts'
import { parseConfig } from '../config/config.ts'
import { projectPath } from '../files/paths.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { planMemory } from './memory.ts'
import { listModels } from './model-list.ts'

const home = homeWithModels()

/** Numbers in a safetensors file of fp32: its length without the header, whose length is in the first 8 bytes. */
function numbersOfFp32(file: string): number {
  const bytes = readFileSync(file)
  return (bytes.length - 8 - Number(bytes.readBigUInt64LE(0))) / 4
}

const config = (text = '') => parseConfig(text, 'config.yaml', {}, message('settings'))
const reasons = (list: Awaited<ReturnType<typeof listModels>>) =>
  Object.fromEntries(list.models.map(({ title, problem }) => [title, problem === null ? null : english(problem)]))

test('lists what the lab can use, with size, precision and memory, and says why of the others', async () => {
  const list = await listModels(config())
  expect(reasons(list)).toMatchObject({
    'models/base': null,
    'Qwen/Tiny-Instruct': null,
    'Qwen/Tiny-Part': 'incomplete, as it lacks model.safetensors',
    'Qwen/Tiny-AWQ': 'its weights are quantised already; take the model that they were made from',
    'openai/whisper-tiny': 'whisper is a family that the lab does not run',
    'tiny:0.1b': null,
    'someone/Tiny-GGUF/tiny.gguf': null,
    'someone/Tiny-GGUF/tiny-cut.gguf': 'damaged or cut off',
    'someone/Tiny-GGUF/gemma.gguf': 'gemma3 is a family that the lab does not run',
    'nomodel:latest': 'Ollama keeps its weights in a form that the lab does not read',
  })
  const [first] = list.models
  const { estimate, generation } = planMemory(config(), 512, 64)
  expect(first).toMatchObject({
    name: 'models/base',
    source: 'models',
    configured: true,
    family: 'qwen2',
    parameters: numbersOfFp32(projectPath('models/base/model.safetensors')),
    precision: 'F32',
    memory: Math.max(estimate.total + estimate.saving, generation.total),
  })
  expect(list.models.find(({ title }) => title === 'Qwen/Tiny-Instruct')).toMatchObject({
    name: 'Qwen/Tiny-Instruct',
    source: 'hugging-face',
    configured: false,
  })
  const inLmStudio = list.models.find(({ title }) => title === 'someone/Tiny-GGUF/tiny.gguf')
  const file = join(home(), '.lmstudio/models/someone/Tiny-GGUF/tiny.gguf')
  expect(inLmStudio).toMatchObject({ name: file, source: 'lm-studio', format: 'gguf', family: 'qwen2' })
  expect(inLmStudio?.bytes).toBe(statSync(file).size)
  expect(list.models.filter(({ title }) => title.includes('part-')).map(({ title }) => title)).toEqual([
    'someone/Tiny-GGUF/part-00001-of-00002.gguf',
  ])
  expect(list.models.find(({ title }) => title === 'tiny:0.1b')).toMatchObject({
    name: 'ollama:tiny:0.1b',
    source: 'ollama',
    memory: inLmStudio?.memory,
  })
  const firstOther = list.models.findIndex(({ problem }) => problem !== null)
  expect(list.models.slice(firstOther).every(({ problem, memory }) => problem !== null && memory === null)).toBe(true)
  expect(list).toMatchObject({ cut: false, least: false, unreadable: [] })
})

test('a model of models/ is the configured one without models/ too', async () => {
  const { models } = await listModels(config('model: { base_model_name: base }'))
  expect(models.find(({ configured }) => configured)?.name).toBe('models/base')
})

test('an end is made of looking at more models than a person can read', async () => {
  const list = await listModels(config(), { names: 50_000, models: 1, time: 10_000 })
  expect(list.models).toHaveLength(1)
  expect(list.cut).toBe(true)
  expect((await listModels(config(), { names: 3, models: 500, time: 10_000 })).cut).toBe(true)
})

test('broken files are a reason, and no error', async () => {
  const snapshot = join(home(), 'hub/models--Qwen--Tiny-Broken/snapshots/abcdef')
  await writeCheckpoint(snapshot)
  const reason = async () => reasons(await listModels(config()))['Qwen/Tiny-Broken']
  expect(await reason()).toBeNull()
  truncateSync(join(snapshot, 'model.safetensors'), 1000)
  expect(await reason()).toBe('incomplete, as it lacks model.safetensors (the one there is damaged)')
  writeFileSync(join(snapshot, 'config.json'), JSON.stringify({ model_type: 'qwen2', vocab_size: -3 }))
  expect(await reason()).toBe('vocab_size must be more than 0')
  writeFileSync(join(snapshot, 'config.json'), '{')
  expect(await reason()).toBe('its files cannot be read')
  writeFileSync(join(snapshot, 'config.json'), ' '.repeat(5_000_000))
  expect(await reason()).toBe('its files cannot be read')
})
