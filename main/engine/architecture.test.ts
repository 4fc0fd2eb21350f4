import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { architectureOf, localFolder } from './architecture.ts'
import { writeSafetensors } from './safetensors.ts'
import { publishedShape } from './shapes.ts'

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

test('what is neither here nor published says where its files belong', () => {
  expect(() => architectureOf('Some/Model')).toThrow('so its shape is not known')
  expect(() => architectureOf('models/absent')).toThrow('is neither a folder')
})
