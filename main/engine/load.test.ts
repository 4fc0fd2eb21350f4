import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { testNative } from '../../testing/native.ts'
import { randomModel } from '../../testing/random-model.ts'
import { TINY_GGUF, tinyGguf } from '../../testing/tiny-gguf.ts'
import { TESTS_WEBGPU } from '../../testing/webgpu.ts'
import { UserError } from '../messages/error.ts'
import { english } from '../messages/say.ts'
import { architectureOf } from './architecture.ts'
import { saveCheckpoint } from './checkpoint/checkpoint.ts'
import { writeSafetensors } from './checkpoint/safetensors.ts'
import type { ModelConfig } from './engine.ts'
import { qwen2 } from './families.ts'
import { huggingFaceCache } from './hub/settings.ts'
import { findModel, isOnHub, loadEngine, resolveModel } from './load.ts'
import { isBuilt, loadAddon } from './native/addon.ts'

vi.mock('./native/addon.ts', { spy: true })

const config = qwen2({
  vocab_size: 20,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
})

let room: string
let folder: string
beforeAll(async () => {
  room = mkdtempSync(join(tmpdir(), 'load-'))
  folder = join(room, 'tiny')
  await saveCheckpoint(folder, config, randomModel(config, 1))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

test('finds a model as a folder, and a whole snapshot in the Hugging Face cache, first that of main', () => {
  expect(resolveModel(folder)).toBe(folder)
  const repository = join(room, 'hub', 'models--Qwen--Qwen2-0.5B')
  const at = (commit: string, file = '') => join(repository, 'snapshots', commit, file)
  const found = () => resolveModel('Qwen/Qwen2-0.5B', join(room, 'hub'))
  for (const commit of ['aaa', 'bbb', 'ccc']) {
    mkdirSync(at(commit), { recursive: true })
    for (const file of ['config.json', 'tokenizer.json']) writeFileSync(at(commit, file), '{}')
    writeSafetensors(at(commit, 'model.safetensors'), new Map())
    writeFileSync(at(commit, 'tokenizer_config.json'), '{"chat_template": "{{ messages }}"}')
  }
  mkdirSync(join(repository, 'refs'))
  writeFileSync(join(repository, 'refs', 'main'), 'bbb\n')
  expect(found()).toBe(at('bbb'))
  // As AutoTokenizer leaves it.
  rmSync(at('bbb', 'model.safetensors'))
  expect([at('aaa'), at('ccc')]).toContain(found())
  // As a download that broke off leaves it: with an index, but without a shard.
  const shards = { weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' } }
  rmSync(at('ccc', 'model.safetensors'))
  writeFileSync(at('ccc', 'model.safetensors.index.json'), JSON.stringify(shards))
  writeSafetensors(at('ccc', 'model-00001-of-00002.safetensors'), new Map())
  expect(found()).toBe(at('aaa'))
  writeFileSync(at('aaa', 'tokenizer_config.json'), '{}')
  expect(found).toThrow(/bbb lacks model\.safetensors; copy these files there/)
  writeSafetensors(at('ccc', 'model-00002-of-00002.safetensors'), new Map())
  expect(found()).toBe(at('ccc'))
  // The commit of main is gone.
  writeFileSync(join(repository, 'refs', 'main'), 'ddd')
  expect(found()).toBe(at('ccc'))
})

test.each<[string, (whole: Buffer) => Buffer | string]>([
  ['model.safetensors', () => Buffer.alloc(1000)],
  ['model.safetensors', (whole) => Buffer.alloc(whole.length)],
  ['model.safetensors', (whole) => whole.subarray(0, whole.length / 2)],
  ['model.safetensors', (whole) => whole.subarray(0, 100)],
  ['model.safetensors', (whole) => Buffer.concat([whole, Buffer.alloc(8)])],
  ['model.safetensors', () => ''],
  ['model.safetensors', () => '<html>Log in to the network</html>'],
  ['config.json', (whole) => whole.subarray(0, -9)],
  ['config.json', (whole) => Buffer.alloc(whole.length)],
  ['tokenizer.json', () => ''],
  ['tokenizer_config.json', () => 'null'],
  ['generation_config.json', () => '{"eos_token_id": '],
  ['model.safetensors.index.json', () => '{"weight_map": '],
  ['model-00002-of-00002.safetensors', (whole) => whole.subarray(0, -1)],
])('a snapshot whose %s is damaged is passed over for a whole one, and named if it is the only one', (file, damage) => {
  const cache = mkdtempSync(join(room, 'damaged-'))
  const repository = join(cache, 'models--Qwen--Qwen2-0.5B')
  const at = (commit: string) => join(repository, 'snapshots', commit)
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
  const make = (commit: string) => {
    cpSync(folder, at(commit), { recursive: true })
    for (const name of ['tokenizer.json', 'generation_config.json']) writeFileSync(join(at(commit), name), '{}')
    writeFileSync(join(at(commit), 'tokenizer_config.json'), '{"chat_template": "{{ messages }}"}')
    if (!file.startsWith('model') || file === 'model.safetensors') return
    for (const name of shards) cpSync(join(folder, 'model.safetensors'), join(at(commit), name))
    rmSync(join(at(commit), 'model.safetensors'))
    const index = { weight_map: { a: shards[0], b: shards[1] } }
    writeFileSync(join(at(commit), 'model.safetensors.index.json'), JSON.stringify(index))
  }
  make('bbb')
  mkdirSync(join(repository, 'refs'))
  writeFileSync(join(repository, 'refs', 'main'), 'bbb')
  expect(resolveModel('Qwen/Qwen2-0.5B', cache)).toBe(at('bbb'))
  writeFileSync(join(at('bbb'), file), damage(readFileSync(join(at('bbb'), file))))
  const found = () => resolveModel('Qwen/Qwen2-0.5B', cache)
  expect(found).toThrow(`bbb lacks ${file} (the one there is damaged)`)
  make('aaa')
  expect(found()).toBe(at('aaa'))
})

test('the cache is where the variables of the other clients say', () => {
  const settings = ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME'] as const
  for (const name of settings) vi.stubEnv(name, '')
  vi.stubEnv('XDG_CACHE_HOME', '/x')
  expect(huggingFaceCache()).toBe('/x/huggingface/hub')
  vi.stubEnv('HF_HOME', '~/h')
  expect(huggingFaceCache()).toBe(join(homedir(), 'h/hub'))
  vi.stubEnv('HUGGINGFACE_HUB_CACHE', '$XDG_CACHE_HOME/c')
  expect(huggingFaceCache()).toBe('/x/c')
  vi.stubEnv('HF_HUB_CACHE', '/y')
  expect(huggingFaceCache()).toBe('/y')
  vi.unstubAllEnvs()
})

test('says where the files of an unknown model belong', () => {
  for (const name of ['Qwen/Absent', '../absent', 'models--x/../y', room]) {
    expect(() => resolveModel(name, join(room, 'hub'))).toThrow(UserError)
  }
  expect(() => resolveModel('Qwen/Absent', join(room, 'hub'))).toThrow(/config\.json, tokenizer\.json.* into .*Absent/)
})

test('what may be on the hub is asked for there, and nothing else', async () => {
  const options = { cache: join(room, 'hub'), endpoint: 'http://127.0.0.1:9' }
  expect(await findModel(folder, options)).toBe(folder)
  await expect(findModel('Qwen/Absent', options)).rejects.toThrow('cannot be reached')
  for (const name of ['models/absent', 'absent', '../absent', 'main/engine']) {
    await expect(findModel(name, options)).rejects.toThrow('is neither a folder')
  }
  vi.stubEnv('HF_HUB_OFFLINE', '1')
  await expect(findModel('Qwen/Absent', options)).rejects.toThrow(
    /^The model Qwen\/Absent is not on this machine, and HF_HUB_OFFLINE forbids the download;/,
  )
  await expect(findModel('models/absent', options)).rejects.toThrow('is neither a folder')
  vi.unstubAllEnvs()
})

testNative('loads in the precision that is asked for, and says so', async () => {
  const engine = await loadEngine({
    folder,
    engine: 'native',
    threads: 1,
    precision: 'bf16',
    gradientCheckpointing: false,
  })
  expect(english(engine.description)).toContain('weights bf16, embedding and head bf16')
  expect(engine.holding).toMatchObject({ precision: 'bf16', headPrecision: 'bf16', gradientCheckpointing: false })
  await engine.close()
  await expect(loadEngine({ folder, engine: 'tfjs', threads: 1, precision: 'nf4' })).rejects.toThrow(
    'Only the engines native and webgpu have model.precision nf4',
  )
})

test('whoever loads a model may refuse its shape before weights are read', async () => {
  const checkRoom = vi.fn((_: ModelConfig, kind: string) => Promise.reject(new Error(`no room on ${kind}`)))
  const kinds = isBuilt() ? (['tfjs', 'native'] as const) : (['tfjs'] as const)
  for (const engine of kinds) {
    await expect(loadEngine({ folder, engine, threads: 1, checkRoom })).rejects.toThrow(`no room on ${engine}`)
    expect(checkRoom).toHaveBeenLastCalledWith(config, engine)
  }
})

test('loads the engine that is asked for', async () => {
  const engine = await loadEngine({ folder, engine: 'tfjs', threads: 'auto' })
  expect(engine.kind).toBe('tfjs')
  expect(engine.config).toEqual(config)
  await engine.close()
  await expect(loadEngine({ folder: room, engine: 'tfjs', threads: 'auto' })).rejects.toThrow('config.json is missing')
})

test('auto without the native engine falls back and says what that costs', async () => {
  vi.mocked(loadAddon).mockImplementation(() => {
    throw new UserError('verbatim', { text: 'It is not built.' })
  })
  const engine = await loadEngine({ folder, engine: 'auto', threads: 'auto' })
  expect(engine.kind).not.toBe('native')
  expect(english(engine.description)).toContain('It is not built.')
  expect(english(engine.description)).toContain('slower')
  await engine.close()
  await expect(loadEngine({ folder, engine: 'native', threads: 'auto' })).rejects.toThrow('It is not built.')
  vi.mocked(loadAddon).mockRestore()
})

test('tfjs-node-gpu is used, or refused with how to get it', async () => {
  try {
    const engine = await loadEngine({ folder, engine: 'tfjs-node-gpu', threads: 'auto' })
    expect(engine.kind).toBe('tfjs-node-gpu')
    await engine.close()
  } catch (error) {
    expect((error as Error).message).toMatch(
      /^The engine tfjs-node-gpu (needs a package.* @tensorflow\/tfjs-node-gpu@4\.22\.0|does not start)/,
    )
  }
})

test('finds a GGUF file by its path, also without an ending, and tells the files of a folder that has several', () => {
  const lmStudio = join(room, 'lmstudio-community', 'Tiny-GGUF')
  mkdirSync(lmStudio, { recursive: true })
  for (const name of ['tiny-Q4_0.gguf', 'tiny-Q8_0.gguf']) writeFileSync(join(lmStudio, name), tinyGguf())
  const blob = join(room, 'sha256-0123')
  writeFileSync(blob, tinyGguf())
  expect(resolveModel(join(lmStudio, 'tiny-Q4_0.gguf'))).toBe(join(lmStudio, 'tiny-Q4_0.gguf'))
  expect(resolveModel(blob)).toBe(blob)
  expect(architectureOf(blob)).toEqual(TINY_GGUF)
  expect(() => resolveModel(lmStudio)).toThrow(
    /no config\.json; name one of the files: tiny-Q4_0\.gguf, tiny-Q8_0\.gguf/,
  )
  expect(() => resolveModel(join(lmStudio, 'tiny.gguf'))).toThrow(/tiny\.gguf is missing; name a file that is there/)
  mkdirSync(join(lmStudio, 'folder.gguf'))
  expect(() => resolveModel(join(lmStudio, 'folder.gguf'))).toThrow(/folder\.gguf is not a file; name a GGUF file/)
  // No name on the hub ends so.
  expect(isOnHub('nobody/tiny.gguf')).toBe(false)
})

test.runIf(TESTS_WEBGPU)(
  'webgpu needs no native addon, and holds weights as it is told',
  { timeout: 120_000 },
  async () => {
    vi.mocked(isBuilt).mockReturnValue(false)
    vi.mocked(loadAddon).mockImplementation(() => {
      throw new Error('there is no addon')
    })
    const gpu = { host: 'node', name: 'software', power: null } as const
    const base = randomModel(config, 1)
    const load = (precision: 'fp16' | 'nf4') =>
      loadEngine({ folder, engine: 'webgpu', threads: 'auto', gpu, precision })
    const [half, four] = await Promise.all([load('fp16'), load('nf4')])
    try {
      expect(english(half.description)).toContain('weights fp16, embedding and head bf16')
      expect(four.holding).toMatchObject({ precision: 'nf4', headPrecision: 'int8' })
      const name = 'model.layers.0.mlp.down_proj.weight'
      const { data } = base.get(name)!
      expect((await half.baseWeights()).get(name)!.data).toEqual(new Float32Array(new Float16Array(data)))
      const levels = new Set((await four.baseWeights()).get(name)!.data)
      expect(levels.size).toBeLessThanOrEqual(16 * Math.ceil(data.length / 64))
    } finally {
      await Promise.all([half.close(), four.close()])
      vi.mocked(isBuilt).mockRestore()
      vi.mocked(loadAddon).mockRestore()
    }
  },
)

testNative('float16 is for cards, and the native engine says so', async () => {
  await expect(loadEngine({ folder, engine: 'native', threads: 1, precision: 'fp16' })).rejects.toThrow(
    'Only the engine webgpu has model.precision fp16',
  )
})
