import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TINY as config, randomAdapter } from '../../testing/random-model.ts'
import { UserError } from '../messages/error.ts'
import { initLora, loadAdapter, saveAdapter } from './adapter.ts'
import type { LoraConfig } from './engine.ts'

const lora: LoraConfig = { r: 3, lora_alpha: 6, lora_dropout: 0.1, target_modules: ['q_proj', 'down_proj'] }

let room: string
let folder: string
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'adapter-'))
})
beforeEach(async () => {
  folder = await mkdtemp(join(room, 'adapter-'))
})
afterAll(() => rm(room, { recursive: true, force: true }))

test('a fresh adapter starts as in PEFT: A uniform, B zero, the same for a seed', () => {
  const tensors = initLora(config, lora, 7)
  expect([...initLora(config, lora, 7)]).toEqual([...tensors])
  expect([...initLora(config, lora, 8)]).not.toEqual([...tensors])
  const wide = initLora({ ...config, hidden_size: 256, num_attention_heads: 4 }, { ...lora, r: 64 }, 7)
  const a = wide.get('base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight')!
  expect(a.shape).toEqual([64, 256])
  const variance = a.data.reduce((sum, x) => sum + x * x, 0) / a.data.length
  expect(variance).toBeCloseTo(1 / 256 / 3, 5)
  expect(Math.max(...a.data)).toBeLessThanOrEqual(1 / 16)
  expect(wide.get('base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight')!.data.every((x) => x === 0)).toBe(
    true,
  )
})

test('loads what it saves, and replaces an older adapter', async () => {
  await saveAdapter(folder, lora, randomAdapter(config, lora, 1), 'models/base')
  const tensors = randomAdapter(config, lora, 2)
  await saveAdapter(folder, lora, tensors, 'models/base')
  expect((await readdir(folder)).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors'])
  expect(await loadAdapter(folder, config)).toEqual({ lora, tensors, baseModelName: 'models/base' })
})

test.each<[string, RegExp, (at: string) => Promise<unknown>]>([
  ['no adapter', /adapter_config\.json is missing/, (at) => rm(join(at, 'adapter_config.json'))],
  ['no tensors', /adapter_model\.safetensors is missing/, (at) => rm(join(at, 'adapter_model.safetensors'))],
  [
    'tensors cut off',
    /adapter_model\.safetensors is cut off/,
    (at) => truncate(join(at, 'adapter_model.safetensors'), 2000),
  ],
  ['another method', /peft_type must be LORA; this lab supports only plain LoRA/, change({ peft_type: 'IA3' })],
  ['DoRA', /use_dora/, change({ use_dora: true })],
  ['a rank pattern', /rank_pattern/, change({ rank_pattern: { q_proj: 8 } })],
  ['another target', /target_modules\[0\] must be one of/, change({ target_modules: ['lm_head'] })],
  ['trained biases', /bias/, change({ bias: 'all' })],
  ['another rank', /lora_A\.weight is \[3, 16\], but .* asks for \[4, 16\]/, change({ r: 4 })],
  ['fewer targets', /holds .*down_proj/, change({ target_modules: ['q_proj'] })],
  ['more targets', /lacks the tensor .*k_proj/, change({ target_modules: ['q_proj', 'k_proj', 'down_proj'] })],
])('%s gets one sentence', async (_, message, spoil) => {
  await saveAdapter(folder, lora, randomAdapter(config, lora, 1), null)
  await spoil(folder)
  const error = await loadAdapter(folder, config).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).message).toMatch(message)
})

function change(keys: Record<string, unknown>): (at: string) => Promise<void> {
  return async (at) => {
    const file = join(at, 'adapter_config.json')
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...keys }))
  }
}
