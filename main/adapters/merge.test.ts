import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TINY as config, mixedLora, randomAdapter, randomModel } from '../../testing/random-model.ts'
import { TINY_GGUF, tinyGguf } from '../../testing/tiny-gguf.ts'
import { writeTinyTokenizer } from '../../testing/tiny-tokenizer.ts'
import { PROJECTIONS } from '../config/choices.ts'
import { loadAdapter, saveAdapter } from '../engine/adapter/adapter.ts'
import { loadCheckpoint, saveCheckpoint } from '../engine/checkpoint/checkpoint.ts'
import { narrow } from '../engine/checkpoint/dtype.ts'
import { openSafetensors, writeSafetensors, writeSafetensorsStream } from '../engine/checkpoint/safetensors.ts'
import type { Forest, LoraConfig, Tensors } from '../engine/engine.ts'
import { createTfjsEngine } from '../engine/tfjs/engine.ts'
import { loadTokenizer } from '../engine/tokenizer/tokenizer.ts'
import { OWN } from '../files/unfinished.ts'
import { mergeAdapter } from './merge.ts'
import { mergedFrom } from './merged-from.ts'

const lora: LoraConfig = { r: 3, lora_alpha: 12, lora_dropout: 0, target_modules: PROJECTIONS.slice(0, 6) }
const base = randomModel(config, 1, 0.2)
const adapter = randomAdapter(config, lora, 2, 0.2)
const batch: Forest = [{ tokens: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6), parent: -1, targetStart: 1 }]

let room: string
const at = (name: string) => join(room, name)
beforeEach(async () => {
  room = mkdtempSync(join(tmpdir(), 'merge-'))
  await saveCheckpoint(at('base'), config, base, {
    'tokenizer.json': '{}',
    'training.json': '{}',
    'README.md': '# Base\n',
  })
  await saveAdapter(at('adapter'), lora, adapter, 'base')
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

async function logprobs(tensors: Tensors, withAdapter: boolean): Promise<number[]> {
  const engine = await createTfjsEngine(config, tensors, { backend: 'cpu' })
  if (withAdapter) await engine.addAdapter('a', lora, adapter)
  const scores = await engine.logprobs(batch, withAdapter ? 'a' : null)
  await engine.close()
  return [...scores.logprobs]
}

test('the merged model computes the same as base and adapter, also in shards', async () => {
  const told: number[] = []
  await mergeAdapter(at('base'), at('adapter'), at('merged'), { onProgress: (done) => told.push(done) })
  expect(readdirSync(at('merged')).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json'])
  expect(told.at(-1)).toBe(base.size)
  const merged = await loadCheckpoint(at('merged'))
  const expected = await logprobs(base, true)
  for (const [i, logprob] of (await logprobs(merged.tensors, false)).entries()) {
    expect(logprob).toBeCloseTo(expected[i]!, 4)
  }
  expect(merged.tensors.get('model.layers.1.mlp.down_proj.weight')).toEqual(
    base.get('model.layers.1.mlp.down_proj.weight'),
  )

  await mergeAdapter(at('base'), at('adapter'), at('shards'), { shardBytes: 5000 })
  expect(
    readdirSync(at('shards')).filter((name) => /^model-0000\d-of-0000\d\.safetensors$/.test(name)).length,
  ).toBeGreaterThan(2)
  expect((await loadCheckpoint(at('shards'))).tensors).toEqual(merged.tensors)
})

test('weights keep their dtype', async () => {
  const halves = [...base].map(([name, { shape }]) => ({ name, shape, dtype: 'BF16' }) as const)
  const bytes = async function* () {
    for (const { data } of base.values()) yield narrow(data, 'BF16')
  }
  await writeSafetensorsStream(join(at('base'), 'model.safetensors'), halves, bytes())
  await mergeAdapter(at('base'), at('adapter'), at('merged'))
  const file = await openSafetensors(join(at('merged'), 'model.safetensors'))
  expect(new Set([...file.entries.values()].map(({ dtype }) => dtype))).toEqual(new Set(['BF16']))
  await file.close()
  const expected = await logprobs(base, true)
  for (const [i, logprob] of (await logprobs((await loadCheckpoint(at('merged'))).tensors, false)).entries()) {
    expect(Math.abs(logprob - expected[i]!)).toBeLessThan(0.05)
  }
})

test('modules of different ranks and scales are merged with their own', async () => {
  const mixed = mixedLora(config, 1)
  const tensors = randomAdapter(config, mixed, 2, 0.2)
  await saveAdapter(at('adapter'), mixed, tensors, 'base')
  await mergeAdapter(at('base'), at('adapter'), at('merged'))
  const engine = await createTfjsEngine(config, base, { backend: 'cpu' })
  await engine.addAdapter('a', mixed, tensors)
  const expected = (await engine.logprobs(batch, 'a')).logprobs
  await engine.close()
  for (const [i, logprob] of (await logprobs((await loadCheckpoint(at('merged'))).tensors, false)).entries()) {
    expect(logprob).toBeCloseTo(expected[i]!, 4)
  }
})

test('another spelling of the same adapter gives the same bytes', async () => {
  await mergeAdapter(at('base'), at('adapter'), at('merged'))
  const file = join(at('adapter'), 'adapter_config.json')
  const keys = { target_modules: `^(model(?=\\.).*\\.(${lora.target_modules.join('|')}))$`, peft_version: '0.21.2' }
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...keys }))
  await mergeAdapter(at('base'), at('adapter'), at('again'))
  const bytes = (folder: string) => readFileSync(join(at(folder), 'model.safetensors'))
  expect(bytes('again').equals(bytes('merged'))).toBe(true)
})

describe('weights that were trained beside LoRA', () => {
  const other = randomModel({ ...config, tie_word_embeddings: false }, 7, 0.2)
  const save = (weights: Record<string, string>) =>
    writeSafetensors(
      join(at('adapter'), 'adapter_model.safetensors'),
      new Map([
        ...adapter,
        ...Object.entries(weights).map(([name, from]) => [`base_model.model.${name}`, other.get(from)!] as const),
      ]),
    )
  const untie = () => saveCheckpoint(at('base'), { ...config, tie_word_embeddings: false }, untied)
  const untied = new Map([...base, ['lm_head.weight', base.get('model.embed_tokens.weight')!]])

  test('replace the base’s in the merged model, and do not play', async () => {
    await untie()
    save({
      'lm_head.weight': 'lm_head.weight',
      'model.embed_tokens.modules_to_save.default.weight': 'model.embed_tokens.weight',
      'model.layers.0.self_attn.q_proj.base_layer.bias': 'model.layers.0.self_attn.q_proj.bias',
      'model.layers.1.input_layernorm.weight': 'model.layers.1.input_layernorm.weight',
    })
    await mergeAdapter(at('base'), at('adapter'), at('merged'))
    const { tensors } = await loadCheckpoint(at('merged'))
    const replaced = [...tensors].filter(([name, { data }]) => other.get(name)!.data.every((x, i) => x === data[i]))
    expect(replaced.map(([name]) => name)).toEqual([
      'model.embed_tokens.weight',
      'model.layers.0.self_attn.q_proj.bias',
      'model.layers.1.input_layernorm.weight',
      'lm_head.weight',
    ])
    const played = loadAdapter(at('adapter'), { ...config, tie_word_embeddings: false })
    await expect(played).rejects.toThrow(/npx dpo-driver merge/)
  })

  const state = (keys: object) => {
    const file = join(at('adapter'), 'adapter_config.json')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...keys }))
  }

  test.each([
    ['a resized or saved embedding', {}],
    [
      'ensure_weight_tying of PEFT 0.21',
      { modules_to_save: ['embed_tokens', 'model.embed_tokens'], ensure_weight_tying: true },
    ],
    ['both as modules to save', { modules_to_save: ['embed_tokens', 'lm_head'] }],
  ])('an embedding that is the head too is replaced: %s', async (_, keys) => {
    save({ 'model.embed_tokens.weight': 'model.embed_tokens.weight', 'lm_head.weight': 'model.embed_tokens.weight' })
    state(keys)
    await mergeAdapter(at('base'), at('adapter'), at('merged'))
    const { tensors, config } = await loadCheckpoint(at('merged'))
    expect(config.tie_word_embeddings).toBe(true)
    expect(tensors.get('model.embed_tokens.weight')).toEqual(other.get('model.embed_tokens.weight'))
  })

  test.each([
    ['they differ', ['model.embed_tokens.weight', 'lm_head.weight'], {}],
    ['only the head', ['lm_head.weight'], {}],
    ['only the embedding', ['model.embed_tokens.weight'], { modules_to_save: ['embed_tokens'] }],
  ])('embedding and head that were trained apart do not fit a tied base: %s', async (_, names, keys) => {
    save(Object.fromEntries(names.map((name) => [name, name])))
    state(keys)
    await expect(mergeAdapter(at('base'), at('adapter'), at('apart'))).rejects.toThrow('trained them apart')
  })
})

test('a failure gives a message and leaves an existing folder unchanged', async () => {
  await expect(mergeAdapter(at('base'), at('adapter'), at('base'))).rejects.toThrow('choose another folder')
  await expect(mergeAdapter(at('base'), at('adapter'), room)).rejects.toThrow('not an empty folder')
  await expect(mergeAdapter(at('base'), at('absent'), at('merged'))).rejects.toThrow('adapter_config.json is missing')
  const index = join(at('adapter'), 'adapter_config.json')
  writeFileSync(index, JSON.stringify({ ...JSON.parse(readFileSync(index, 'utf8')), r: 4 }))
  await expect(mergeAdapter(at('base'), at('adapter'), at('merged'))).rejects.toThrow('asks for [4, 16]')
  expect(readdirSync(room).sort()).toEqual(['adapter', 'base'])
})

test('a stopped merge leaves no files', async () => {
  const stop = new AbortController()
  const merging = mergeAdapter(at('base'), at('adapter'), at('merged'), {
    signal: stop.signal,
    onProgress: (done) => done === 3 && stop.abort(),
  })
  await expect(merging).rejects.toThrow('aborted')
  expect(readdirSync(room).sort()).toEqual(['adapter', 'base'])
})

test('AutoTokenizer of transformers 5 is kept from its own pre-tokenizer; other tokenizers are copied as they are', async () => {
  await writeTinyTokenizer(at('base'))
  await mergeAdapter(at('base'), at('adapter'), at('merged'))
  const config = JSON.parse(readFileSync(join(at('merged'), 'tokenizer_config.json'), 'utf8'))
  expect(config).toMatchObject({
    tokenizer_class: 'PreTrainedTokenizerFast',
    auto_map: { AutoTokenizer: [null, 'tokenization.TokenizerOfFile'] },
    eos_token: '<|endoftext|>',
  })
  expect(readFileSync(join(at('merged'), 'tokenization.py'), 'utf8')).toContain('class TokenizerOfFile')
  // Merged once more, after transformers 5 has saved it: it names a class that transformers 4 lacks.
  writeFileSync(
    join(at('merged'), 'tokenizer_config.json'),
    JSON.stringify({ ...config, tokenizer_class: 'TokenizersBackend' }),
  )
  await mergeAdapter(at('merged'), at('adapter'), at('again'))
  expect(readFileSync(join(at('again'), 'tokenizer_config.json'), 'utf8')).toContain('PreTrainedTokenizerFast')

  const own = JSON.stringify({ tokenizer_class: 'A', auto_map: { AutoTokenizer: ['own.A', null] } })
  writeFileSync(join(at('base'), 'tokenizer_config.json'), own)
  await mergeAdapter(at('base'), at('adapter'), at('own'))
  expect(readFileSync(join(at('own'), 'tokenizer_config.json'), 'utf8')).toBe(own)
})

test('Qwen3 and Llama merge; of Llama transformers 5 keeps the pre-tokenizer by itself', async () => {
  for (const model_type of ['qwen3', 'llama'] as const) {
    const other = { ...config, model_type, attention_bias: false }
    await saveCheckpoint(at(model_type), other, randomModel(other, 3, 0.2))
    await writeTinyTokenizer(at(model_type))
    await mergeAdapter(at(model_type), at('adapter'), at(`${model_type}-merged`))
    expect((await loadCheckpoint(at(`${model_type}-merged`))).config).toEqual(other)
    expect(existsSync(join(at(`${model_type}-merged`), 'tokenization.py'))).toBe(model_type === 'qwen3')
  }
})

test('a head of its own is merged along, and config.json says for both transformers what counts', async () => {
  const untied = randomModel({ ...config, tie_word_embeddings: false }, 3, 0.2)
  const { rope_theta, ...rest } = config
  writeSafetensors(join(at('base'), 'model.safetensors'), untied)
  const saved = {
    ...rest,
    rope_parameters: { rope_type: 'default', rope_theta },
    dtype: 'float32',
  }
  writeFileSync(join(at('base'), 'config.json'), JSON.stringify(saved))
  await mergeAdapter(at('base'), at('adapter'), at('merged'))
  expect(JSON.parse(readFileSync(join(at('merged'), 'config.json'), 'utf8'))).toEqual({
    ...saved,
    rope_theta,
    tie_word_embeddings: false,
    dpo_driver_merge: { base: at('base'), adapter: at('adapter') },
  })
  expect(await mergedFrom([at('merged'), at('base'), 'nowhere/at-all'])).toEqual({
    [at('merged')]: { base: at('base'), adapter: at('adapter') },
  })
  const merged = await loadCheckpoint(at('merged'))
  expect(merged.config.tie_word_embeddings).toBe(false)
  expect(merged.tensors.get('lm_head.weight')).toEqual(untied.get('lm_head.weight'))
})

test('what killed merges left beside the target is removed, whatever their names were', async () => {
  // As a process that has ended signs, in the same group of processes.
  const left = `.dpo-driver-999999999-1-${OWN.split('-')[2]}.tmp`
  for (const folder of ['killed', join('killed', left)]) mkdirSync(at(folder))
  writeFileSync(join(at('killed'), left, 'model.safetensors'), 'a part')
  writeFileSync(at(`killed.gguf${left}`), 'a part')
  await mergeAdapter(at('base'), at('adapter'), at('merged'))
  expect(readdirSync(room).sort()).toEqual(['adapter', 'base', 'killed', 'merged'])
  expect(readdirSync(at('killed'))).toEqual([])
})

test('a GGUF base becomes a folder, with its tokenizer, and blocks in half precision', async () => {
  const model = { ...TINY_GGUF, tie_word_embeddings: true }
  const file = join(room, 'base.Q4_K_M.gguf')
  writeFileSync(file, tinyGguf(model))
  const small: LoraConfig = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['v_proj'] }
  await saveAdapter(at('gguf-adapter'), small, randomAdapter(model, small, 3, 0.2), 'base')
  await mergeAdapter(file, at('gguf-adapter'), at('merged'))

  const [before, after] = [await loadCheckpoint(file), await loadCheckpoint(at('merged'))]
  expect(after.config).toEqual(model)
  for (const [name, { data }] of before.tensors) {
    const written = after.tensors.get(name)!.data
    const difference = Math.max(...written.map((value, index) => Math.abs(value - data[index]!)))
    if (name.endsWith('v_proj.weight')) expect(difference, name).toBeGreaterThan(0.01)
    // Numbers below 1 in half precision.
    else expect(difference, name).toBeLessThan(2 ** -12)
  }
  const config = JSON.parse(readFileSync(join(at('merged'), 'config.json'), 'utf8'))
  expect(config).toMatchObject({ architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2' })
  const tokenizers = [await loadTokenizer(file), await loadTokenizer(at('merged'))]
  const [one, other] = tokenizers.map((tokenizer) => [...tokenizer.chatPrompt([{ role: 'user', content: 'click 12' }])])
  expect(one).toEqual(other)
})
