import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeManifest } from '../../../testing/installed-models.ts'
import { resolveModel } from '../load.ts'
import { configuredName, ollamaFile, ollamaFolders, ollamaModels } from './ollama.ts'

const DIGEST = 'a'.repeat(64)
const LAYERS = [
  { mediaType: 'application/vnd.ollama.image.template', digest: `sha256:${'b'.repeat(64)}`, size: 9 },
  { mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${DIGEST}`, size: 4e8 },
]

let home: string
let folder: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ollama-'))
  folder = join(home, 'ollama')
  vi.stubEnv('OLLAMA_MODELS', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true })
})

const search = () => ({ left: 1000, unreadable: [] })
const blob = () => join(folder, 'blobs', `sha256-${DIGEST}`)

test('names are as Ollama shows them, and each leads to its file again', async () => {
  writeManifest(home, 'registry.ollama.ai/library/qwen2.5/0.5b', LAYERS)
  writeManifest(home, 'registry.ollama.ai/someone/tuned/latest', LAYERS)
  writeManifest(home, 'hf.co/Qwen/Qwen2.5-0.5B-Instruct-GGUF/Q4_K_M', LAYERS)
  const models = await ollamaModels(folder, search())
  expect(models.map(({ name }) => name).sort()).toEqual([
    'hf.co/Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M',
    'qwen2.5:0.5b',
    'someone/tuned:latest',
  ])
  for (const model of models) {
    expect(model.file).toBe(blob())
    expect(() => ollamaFile(configuredName(model))).toThrow('Ollama has no model')
  }
  mkdirSync(join(folder, 'blobs'))
  writeFileSync(blob(), 'GGUF')
  for (const model of models) expect(resolveModel(configuredName(model))).toBe(blob())
  expect(ollamaFile('ollama:someone/tuned')).toBe(blob())
  for (const wrong of ['ollama:qwen2.5', 'ollama:', 'ollama:../../library/qwen2.5:0.5b', 'ollama:library/..:0.5b']) {
    expect(() => ollamaFile(wrong)).toThrow(`Ollama has no model ${wrong.slice(7)} on this machine`)
  }
})

test.each([
  ['is empty', ''],
  ['is cut off', '{"layers": ['],
  ['is no object', '7'],
  ['has layers of another form', '{"layers": [{"mediaType": 1}]}'],
  ['has no weights', '{"layers": []}'],
  [
    'leads out of the folder',
    JSON.stringify({
      layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: 'sha256:../../etc/passwd' }],
    }),
  ],
])('a manifest that %s names no file', async (_, text) => {
  mkdirSync(join(folder, 'manifests/registry.ollama.ai/library/broken'), { recursive: true })
  writeFileSync(join(folder, 'manifests/registry.ollama.ai/library/broken/latest'), text)
  expect(await ollamaModels(folder, search())).toEqual([{ name: 'broken:latest', file: null }])
  expect(() => ollamaFile('ollama:broken')).toThrow('Ollama has no model broken')
})

test('without OLLAMA_MODELS the folders are the user’s and the service’s', () => {
  vi.stubEnv('OLLAMA_MODELS', '')
  expect(ollamaFolders('/home/me')).toEqual(['/home/me/.ollama/models', '/usr/share/ollama/.ollama/models'])
})
