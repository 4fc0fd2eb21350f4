import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testNative } from '../../../testing/native.ts'
import { TINY as config, randomModel } from '../../../testing/random-model.ts'
import { UserError } from '../../messages/error.ts'
import { english } from '../../messages/say.ts'
import type { ModelConfig, Tensors } from '../engine.ts'
import { loadEngine } from '../load.ts'
import { createNativeEngine } from '../native/engine.ts'
import { uniformStream } from '../random.ts'
import { loadCheckpoint, openCheckpoint, saveCheckpoint } from './checkpoint.ts'
import { agreedConfig, parseModelConfig } from './config-json.ts'
import { writeSafetensors } from './safetensors.ts'

const tensors = randomModel(config, 1)

let room: string
let folder: string
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'checkpoint-'))
})
beforeEach(async () => {
  folder = join(await mkdtemp(join(room, 'model-')), 'tiny')
  await saveCheckpoint(folder, config, tensors, { 'README.md': '# Tiny\n' })
})
afterAll(() => rm(room, { recursive: true, force: true }))

const byName = (map: Tensors) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

test('loads what it saves', async () => {
  expect((await readdir(folder)).sort()).toEqual(['README.md', 'config.json', 'model.safetensors'])
  const loaded = await loadCheckpoint(folder)
  expect(loaded.config).toEqual(config)
  expect(byName(loaded.tensors)).toEqual(byName(tensors))
})

test('reads shards, each tensor from the one the index names', async () => {
  await rm(join(folder, 'model.safetensors'))
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
  const names = [...tensors.keys()]
  const weight_map = Object.fromEntries(names.map((name, index) => [name, shards[index % 2]!]))
  for (const shard of shards) {
    writeSafetensors(join(folder, shard), new Map([...tensors].filter(([name]) => weight_map[name] === shard)))
  }
  const index = join(folder, 'model.safetensors.index.json')
  await writeFile(index, JSON.stringify({ metadata: {}, weight_map }))
  expect(byName((await loadCheckpoint(folder)).tensors)).toEqual(byName(tensors))

  await writeFile(index, JSON.stringify({ weight_map: { ...weight_map, [names[0]!]: shards[1] } }))
  await expect(loadCheckpoint(folder)).rejects.toThrow(`${shards[1]} lacks the tensor ${names[0]}`)
  await writeFile(index, JSON.stringify({ weight_map: { a: '../../secrets.safetensors' } }))
  await expect(loadCheckpoint(folder)).rejects.toThrow('must be the name of a safetensors file')
  await writeFile(index, JSON.stringify({ weight_map }))
  await rm(join(folder, shards[0]))
  await expect(loadCheckpoint(folder)).rejects.toThrow(`${shards[0]} is missing`)
})

test('copies of the tied head and of the inverse frequencies are left out', async () => {
  const extra = { shape: [1], data: new Float32Array(1) }
  const head = tensors.get('model.embed_tokens.weight')!
  const old = new Map([...tensors, ['lm_head.weight', head], ['model.layers.0.self_attn.rotary_emb.inv_freq', extra]])
  writeSafetensors(join(folder, 'model.safetensors'), old as Tensors)
  const loaded = await loadCheckpoint(folder)
  expect(loaded.config).toEqual(config)
  expect(byName(loaded.tensors)).toEqual(byName(tensors))
})

test('a head of its own counts, also if config.json ties it, and that is said', async () => {
  const head = randomModel({ ...config, tie_word_embeddings: false }, 2).get('lm_head.weight')!
  writeSafetensors(join(folder, 'model.safetensors'), new Map([...tensors, ['lm_head.weight', head]]))
  const loaded = await loadCheckpoint(folder)
  expect(loaded.config).toEqual({ ...config, tie_word_embeddings: false })
  expect(loaded.tensors.get('lm_head.weight')).toEqual(head)
  const engine = await loadEngine({ folder, engine: 'tfjs', threads: 1 })
  expect(engine.config.tie_word_embeddings).toBe(false)
  expect(english(engine.description)).toMatch(/ties the head to the embedding, but lm_head\.weight differs/)
  await engine.close()
})

test.each<[string, RegExp, (at: string) => Promise<unknown> | unknown]>([
  ['no config.json', /config\.json is missing/, (at) => rm(join(at, 'config.json'))],
  ['no weights', /model\.safetensors is missing/, (at) => rm(join(at, 'model.safetensors'))],
  ['weights cut off', /model\.safetensors is cut off/, (at) => truncate(join(at, 'model.safetensors'), 5000)],
  ['a missing tensor', /model\.safetensors lacks the tensor model\.norm\.weight/, replaceTensor('model.norm.weight')],
  [
    'a wrong shape',
    /model\.norm\.weight is \[3\], but .* asks for \[16\]/,
    replaceTensor('model.norm.weight', [3], [1, 2, 3]),
  ],
  [
    'a NaN',
    /model\.norm\.weight holds NaN/,
    replaceTensor('model.norm.weight', [16], [...new Array(15).fill(0), Number.NaN]),
  ],
  [
    'a layer more than config.json says',
    /num_hidden_layers 1, but .*model\.safetensors has 2; use the config\.json that belongs/,
    changeConfig({ num_hidden_layers: 1 }),
  ],
  [
    'a head neither tied nor there',
    /has no lm_head\.weight; set tie_word_embeddings/,
    changeConfig({ tie_word_embeddings: false }),
  ],
  [
    'no word on the head',
    /has no lm_head\.weight; set tie_word_embeddings/,
    changeConfig({ tie_word_embeddings: null }),
  ],
  [
    'a vocabulary smaller than the embedding',
    /is \[20, 16\], but .* asks for \[18, 16\]/,
    changeConfig({ vocab_size: 18 }),
  ],
  [
    'an unknown tensor',
    /holds model\.q_norm, which no model of this family has/,
    replaceTensor('model.q_norm', [1], [1]),
  ],
])('%s gets one sentence', async (_, message, spoil) => {
  await spoil(folder)
  const error = await loadCheckpoint(folder).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).message).toMatch(message)
})

function changeConfig(change: object): (at: string) => Promise<void> {
  return async (at) => {
    const file = join(at, 'config.json')
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }))
  }
}

function replaceTensor(name: string, shape?: number[], values?: number[]): (at: string) => void {
  const changed = new Map(tensors)
  if (shape === undefined || values === undefined) changed.delete(name)
  else changed.set(name, { shape, data: Float32Array.from(values) })
  return (at) => writeSafetensors(join(at, 'model.safetensors'), changed)
}

const LLAMA3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
} as const

test.each<[Record<string, unknown>, RegExp]>([
  [{ model_type: 'gemma3_text' }, /config\.json: model_type must be qwen2, qwen3 or llama; this lab runs Qwen2, /],
  [{ vocab_size: '20' }, /vocab_size/],
  [{ hidden_act: 'gelu' }, /hidden_act/],
  [{ use_sliding_window: true, max_window_layers: 1 }, /sliding-window attention is not supported/],
  [{ layer_types: ['full_attention', 'sliding_attention'] }, /layer_types\[1\] must be full_attention/],
  [{ rope_scaling: { type: 'yarn', factor: 4 } }, /rope_scaling\.type/],
  [{ rope_parameters: { rope_type: 'linear', factor: 4 } }, /rope_parameters\.rope_type/],
  [
    { quantization_config: { bits: 4 } },
    /quantization_config must be absent, as the lab cannot read weights that are quantised/,
  ],
  [{ compression_config: { format: 'int-quantized' } }, /compression_config must be absent/],
  [
    { architectures: ['Qwen2ForSequenceClassification'] },
    /architectures\[0\] must be the class of its family that ends in ForCausalLM/,
  ],
  [{ layer_types: ['full_attention'] }, /layer_types must have an entry for each/],
  [{ rope_theta: 1e6, rope_parameters: { rope_theta: 1e4 } }, /rope_theta must be the same/],
  [
    { rope_theta: null, rope_parameters: { full_attention: { rope_theta: 1e4 } } },
    /rope_parameters must have rope_theta/,
  ],
  [{ num_hidden_layers: 20_000_000 }, /num_hidden_layers must be at most 1024/],
  [{ vocab_size: 1e12 }, /vocab_size must be at most/],
  [{ rms_norm_eps: 'NaN' }, /rms_norm_eps/],
  [{ num_attention_heads: 3 }, /num_key_value_heads must divide the number of attention heads/],
  [{ num_key_value_heads: 3 }, /num_key_value_heads/],
  [{ head_dim: 7 }, /head_dim must be even/],
  [{ model_type: 'llama', attention_bias: true }, /attention_bias must be false/],
  [{ model_type: 'llama', attention_bias: false, mlp_bias: true }, /mlp_bias must be false/],
  [{ model_type: 'qwen3', num_key_value_heads: undefined }, /num_key_value_heads is missing/],
  [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, /rope_scaling\.low_freq_factor is missing/],
  [{ rope_parameters: { ...LLAMA3, high_freq_factor: 1 } }, /rope_parameters\.high_freq_factor must be more than low/],
  [
    { rope_scaling: LLAMA3, rope_parameters: { rope_type: 'default', rope_theta: config.rope_theta } },
    /rope_scaling must say what rope_parameters says/,
  ],
])('refuses %j by name', (change, message) => {
  expect(() => parseModelConfig('config.json', JSON.stringify({ ...config, ...change }))).toThrow(message)
})

testNative('a spoilt checkpoint loads or gets one sentence, in every precision', async () => {
  const path = join(folder, 'model.safetensors')
  const good = await readFile(path)
  const uniform = uniformStream(3)
  const within = (n: number) => Math.floor(uniform() * n)
  const outcomes = { loaded: 0, refused: 0 }
  for (let round = 0; round < 90; round++) {
    const bytes = Buffer.from(good)
    const headerEnd = 8 + Number(bytes.readBigUInt64LE())
    if (round % 3 === 0) {
      for (let flip = 0; flip < 3; flip++) bytes[within(headerEnd)] = within(256)
    } else if (round % 3 === 1) {
      // An exponent of all ones is NaN or infinity.
      bytes.writeUInt32LE(0x7f800000 + within(3), headerEnd + 4 * within((bytes.length - headerEnd) / 4))
    } else {
      bytes[headerEnd + within(bytes.length - headerEnd)] = within(256)
    }
    await writeFile(path, round % 5 === 0 ? bytes.subarray(0, within(bytes.length)) : bytes)
    const precision = (['float32', 'bf16', 'nf4'] as const)[Math.floor(round / 3) % 3]!
    const outcome = await openInto(precision).catch((error: unknown) => error)
    if (outcome === undefined) outcomes.loaded++
    else {
      expect(outcome).toBeInstanceOf(UserError)
      expect((outcome as UserError).message).toMatch(/^[^\n]+\.$/)
      outcomes.refused++
    }
  }
  expect(outcomes.loaded).toBeGreaterThan(10)
  expect(outcomes.refused).toBeGreaterThan(40)
})

async function openInto(precision: 'float32' | 'bf16' | 'nf4'): Promise<void> {
  const checkpoint = await openCheckpoint(folder)
  try {
    await (await createNativeEngine(checkpoint.config, checkpoint, { precision, threads: 1 })).close()
  } finally {
    await checkpoint.close()
  }
}

test("reads transformers 5's rope_parameters, and sliding windows that no layer uses", async () => {
  const { rope_theta: _, ...rest } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  const newer = { ...rest, rope_parameters: { rope_theta: 5e5, rope_type: 'default' }, use_sliding_window: true }
  expect(parseModelConfig('config.json', JSON.stringify(newer))).toEqual({ ...config, rope_theta: 5e5 })
})

test.each(['rms_norm_eps', 'max_position_embeddings', 'hidden_size'])('null for %s is refused', (key) => {
  const text = JSON.stringify({ ...config, [key]: null })
  expect(() => parseModelConfig('config.json', text)).toThrow(new RegExp(key))
})

test('null stands for what transformers takes it for', () => {
  const nulls = { rope_theta: null, rope_scaling: null, head_dim: null, layer_types: null, sliding_window: null }
  const more = { num_key_value_heads: null, attention_dropout: null, hidden_act: null, max_window_layers: null }
  expect(parseModelConfig('config.json', JSON.stringify({ ...config, ...nulls, ...more }))).toEqual({
    ...config,
    num_key_value_heads: config.num_attention_heads,
    rope_theta: 10_000,
  })
})

/** What config.json needs at least. */
const SIZES = {
  vocab_size: 20,
  hidden_size: 48,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 6,
}

test('Llama and Qwen3 have defaults of their own', () => {
  const parse = (more: object) => parseModelConfig('config.json', JSON.stringify({ ...SIZES, ...more }))
  expect(parse({ model_type: 'llama' })).toEqual({
    ...SIZES,
    model_type: 'llama',
    num_key_value_heads: 6,
    head_dim: 8,
    attention_bias: false,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    rope_scaling: null,
    max_position_embeddings: 2048,
    tie_word_embeddings: false,
  })
  expect(parse({ model_type: 'qwen3', num_key_value_heads: 2 })).toMatchObject({
    head_dim: 128,
    attention_bias: false,
    max_position_embeddings: 32_768,
  })
})

test('reads llama3 positions in every spelling, and writes them for both transformers', () => {
  const { rope_type, ...parameters } = LLAMA3
  const llama = { ...SIZES, model_type: 'llama' }
  for (const spelt of [
    { rope_theta: 5e5, rope_scaling: LLAMA3 },
    { rope_theta: 5e5, rope_scaling: { type: rope_type, ...parameters } },
    { rope_parameters: { ...LLAMA3, rope_theta: 5e5 } },
  ]) {
    const text = JSON.stringify({ ...llama, tie_word_embeddings: true, ...spelt })
    const read = parseModelConfig('config.json', text)
    expect(read).toMatchObject({ rope_theta: 5e5, rope_scaling: LLAMA3 })
    const agreed = agreedConfig(text, read)
    expect(JSON.parse(agreed)).toMatchObject({ ...JSON.parse(text), rope_theta: 5e5, rope_scaling: LLAMA3 })
    expect(agreedConfig(agreed, read)).toBe(agreed)
  }
})

test.each<[string, Partial<ModelConfig>, string]>([
  ['Qwen3', { model_type: 'qwen3', head_dim: 12, attention_bias: false }, 'Qwen3ForCausalLM'],
  ['Llama', { model_type: 'llama', attention_bias: false, rope_scaling: LLAMA3 }, 'LlamaForCausalLM'],
])('%s is written as it is read', async (_, change, architecture) => {
  const other = { ...config, ...change }
  const weights = randomModel(other, 1)
  await saveCheckpoint(folder, other, weights)
  expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')).architectures).toEqual([architecture])
  const loaded = await loadCheckpoint(folder)
  expect(loaded.config).toEqual(other)
  expect(loaded.tensors).toEqual(weights)
  expect([...weights.keys()].filter((name) => name.endsWith('.bias'))).toEqual([])
  expect(weights.get('model.layers.0.self_attn.q_norm.weight')?.shape).toEqual(
    other.model_type === 'qwen3' ? [12] : undefined,
  )
})
