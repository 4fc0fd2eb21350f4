import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { architectureOf, localFolder } from './architecture.ts'
import { writeSafetensors } from './checkpoint/safetensors.ts'
import { publishedShape } from './shapes.ts'
import { checkpointShapes, countNumbers } from './weights.ts'

afterEach(() => vi.unstubAllEnvs())

test('a published size has its shape before it is here, and what stands in its config.json afterwards', () => {
  const cache = mkdtempSync(join(tmpdir(), 'architecture-'))
  vi.stubEnv('HF_HUB_CACHE', cache)
  const name = 'Qwen/Qwen2-0.5B'
  expect(localFolder(name)).toBeNull()
  expect(architectureOf(name)).toEqual(publishedShape(name))

  const folder = join(cache, 'models--Qwen--Qwen2-0.5B', 'snapshots', 'main')
  mkdirSync(folder, { recursive: true })
  for (const file of ['tokenizer.json', 'chat_template.jinja', 'tokenizer_config.json']) {
    writeFileSync(join(folder, file), '{}')
  }
  writeSafetensors(join(folder, 'model.safetensors'), new Map())
  writeFileSync(join(folder, 'config.json'), '{"model_type": "qwen2", "hidden_size": "many"}')
  expect(localFolder(name)).toBe(folder)
  expect(() => architectureOf(name)).toThrow(join(folder, 'config.json'))
})

test.each([
  ['Qwen/Qwen2.5-Coder-0.5B-Instruct', 494_032_768],
  ['Qwen/Qwen2.5-7B-Instruct', 7_615_616_512],
  ['Qwen/Qwen3-0.6B', 596_049_920],
  ['Qwen/Qwen3-8B', 8_190_735_360],
  ['HuggingFaceTB/SmolLM2-135M-Instruct', 134_515_008],
  ['HuggingFaceTB/SmolLM2-1.7B-Instruct', 1_711_376_384],
])('%s has as many parameters as its model card says', (name, count) => {
  expect(countNumbers(checkpointShapes(publishedShape(name)!))).toBe(count)
})

test('what is neither here nor published says where its files belong', () => {
  expect(() => architectureOf('Some/Model')).toThrow('so its shape is not known')
  expect(() => architectureOf('models/absent')).toThrow('is neither a folder')
})
