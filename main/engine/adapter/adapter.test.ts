import { mkdir, mkdtemp, readdir, readFile, rename as renameFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TINY as config, randomAdapter, randomModel } from '../../../testing/random-model.ts'
import { UserError } from '../../messages/error.ts'
import type { Message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import { saveCheckpoint } from '../checkpoint/checkpoint.ts'
import { narrow, widen } from '../checkpoint/dtype.ts'
import { readSafetensors, writeSafetensors, writeSafetensorsStream } from '../checkpoint/safetensors.ts'
import type { LoraConfig, Tensor } from '../engine.ts'
import { qwen2 } from '../families.ts'
import { adaptedModules } from '../weights.ts'
import { initLora, loadAdapter, saveAdapter } from './adapter.ts'
import { type BaseModel, fingerprintOf } from './base-identity.ts'

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
  const wide = initLora(qwen2({ ...config, hidden_size: 256, num_attention_heads: 4 }), { ...lora, r: 64 }, 7)
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
  ['DoRA', /use_dora .*\(DoRA\)/, change({ use_dora: true })],
  ['QALoRA', /use_qalora .*\(QALoRA\)/, change({ use_qalora: true })],
  ['KaSA', /kasa_config .*\(KaSA\)/, change({ kasa_config: { beta: 1e-4, gamma: 1e-3 } })],
  ['VeLoRA', /velora_config .*\(VeLoRA\)/, change({ velora_config: { scale: 1 } })],
  ['aLoRA', /alora_invocation_tokens .*\(aLoRA\)/, change({ alora_invocation_tokens: [1, 2] })],
  ['replicated layers', /layer_replication/, change({ layer_replication: [[0, 2]] })],
  ['LoRA on parameters', /target_parameters/, change({ target_parameters: ['q_proj.weight'] })],
  ['trainable tokens', /trainable_token_indices/, change({ trainable_token_indices: [3] })],
  ['biases in B', /lora_bias/, change({ lora_bias: true })],
  ['PiSSA', /init_lora_weights is pissa.*path_initial_model/, change({ init_lora_weights: 'pissa' })],
  ['fast PiSSA', /init_lora_weights is pissa_niter_16/, change({ init_lora_weights: 'pissa_niter_16' })],
  ['OLoRA', /init_lora_weights is OLoRA.*path_initial_model/, change({ init_lora_weights: 'OLoRA' })],
  ['CorDA', /init_lora_weights is corda/, change({ init_lora_weights: 'corda' })],
  ['LoRA-GA', /init_lora_weights is lora_ga/, change({ init_lora_weights: 'lora_ga' })],
  ['LoftQ', /init_lora_weights is loftq.*merge_and_unload/, change({ init_lora_weights: 'loftq' })],
  [
    'an initialisation of the future',
    /init_lora_weights is novel.*does not know/,
    change({ init_lora_weights: 'novel' }),
  ],
  ['another target', /holds .*q_proj.*does not target/, change({ target_modules: ['lm_head'] })],
  ['an excluded module', /holds .*q_proj.*does not target/, change({ exclude_modules: ['q_proj'] })],
  ['other layers', /holds .*layers\.0\..*does not target/, change({ layers_to_transform: 1 })],
  [
    'a place of layers that is not this model’s',
    /does not target/,
    change({ layers_to_transform: [0, 1], layers_pattern: 'h' }),
  ],
  ['trained biases that are missing', /\.bias was trained \(bias\)/, change({ bias: 'lora_only' })],
  [
    'a trained head that is missing',
    /lm_head was trained \(modules_to_save\)/,
    change({ modules_to_save: ['lm_head'] }),
  ],
  ['another rank', /lora_A\.weight is \[3, 16\], but .* asks for \[4, 16\]/, change({ r: 4 })],
  [
    'another rank by a pattern',
    /q_proj.*is \[3, 16\], but .* asks for \[4, 16\]/,
    change({ rank_pattern: { q_proj: 4 } }),
  ],
  ['no rank', /r must be/, change({ r: 0 })],
  ['no rank in a pattern', /rank_pattern\.q_proj must be/, change({ rank_pattern: { q_proj: 0 } })],
  ['an alpha out of all bounds', /lora_alpha must be/, change({ lora_alpha: 1e300 })],
  ['an alpha that overflows', /scale of 3\.33e\+29 .*too large/, change({ lora_alpha: 1e30 })],
  ['a negative one', /scale of -3\.33e\+29/, change({ lora_alpha: -1e30 })],
  ['a pattern of them', /scale of .*down_proj/, change({ alpha_pattern: { down_proj: 1e30 } })],
  ['an alpha that is no number', /lora_alpha must be a number/, change({ lora_alpha: '16' })],
  ['a pattern that is no expression', /alpha_pattern .*cannot read/, change({ alpha_pattern: { '(q_proj': 1 } })],
  ['a pattern without an end', /target_modules .*takes too long/, change({ target_modules: '(([a-z.0-9_]+)+)+!' })],
  ['fewer targets', /holds .*down_proj.*does not target/, change({ target_modules: ['q_proj'] })],
  ['DoRA in the tensors', /lora_magnitude_vector.*DoRA/, add('model.layers.0.self_attn.q_proj.lora_magnitude_vector')],
  ['KaSA in the tensors', /lora_diag.*KaSA/, add('model.layers.0.self_attn.q_proj.lora_diag')],
  ['LoRA on the embedding', /LoRA on the embedding/, add('model.embed_tokens.lora_embedding_A')],
  ['a bias of B', /LoRA with biases/, add('model.layers.0.self_attn.q_proj.lora_B.bias')],
  ['LoRA on the head', /adapts lm_head; this lab/, add('lm_head.lora_A.weight')],
  [
    'LoRA on a strange module',
    /adapts model\.layers\.0\.mlp\.router, which no/,
    add('model.layers.0.mlp.router.lora_A.weight'),
  ],
  ['more layers than the model has', /layers\.2\..*2 layers/, add('model.layers.2.self_attn.q_proj.lora_A.weight')],
  ['A without B', /lacks the tensor .*v_proj\.lora_B/, add('model.layers.0.self_attn.v_proj.lora_A.weight', [3, 16])],
  ['a strange tensor', /layers\.0\.gate.*neither LoRA/, add('model.layers.0.gate')],
  [
    'an embedding of a resized vocabulary',
    /embed_tokens.* for 25 tokens.* has 20/,
    add('model.embed_tokens.weight', [25, 16]),
  ],
  ['a trained embedding', /embed_tokens.*trained beside LoRA/, add('model.embed_tokens.weight', [20, 16])],
  ['a trained norm', /layers\.0\.input_layernorm.*trained beside/, add('model.layers.0.input_layernorm.weight', [16])],
  ['a second adapter', /several adapters/, add('model.layers.0.self_attn.q_proj.lora_A.other.weight', [3, 16])],
  [
    'tensors that were not gathered',
    /is empty or no matrix/,
    rename((name, { data }) => [name, { shape: [0], data: data.slice(0, 0) }]),
  ],
  [
    'names without PEFT’s prefix',
    /lacks the prefix base_model\.model\./,
    rename((name, tensor) => [name.slice(17), tensor]),
  ],
  ['only a pickle', /adapter_model\.bin \(pickle\).*save_pretrained/, pickle],
  ['adapters in sub-folders', /sub-folders: .*mine/, bury],
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

/** Writes the tensors under other names or with other content. */
function rename(to: (name: string, tensor: Tensor) => [string, Tensor]): (at: string) => Promise<void> {
  return async (at) => {
    const file = join(at, 'adapter_model.safetensors')
    const tensors = await readSafetensors(file)
    writeSafetensors(file, new Map([...tensors].map(([name, tensor]) => to(name, tensor))))
  }
}

/** Adds a tensor of ones. */
function add(name: string, shape: readonly number[] = [2]): (at: string) => Promise<void> {
  return async (at) => {
    const file = join(at, 'adapter_model.safetensors')
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(1)
    writeSafetensors(file, new Map([...(await readSafetensors(file)), [`base_model.model.${name}`, { shape, data }]]))
  }
}

function pickle(at: string): Promise<void> {
  return renameFile(join(at, 'adapter_model.safetensors'), join(at, 'adapter_model.bin'))
}

async function bury(at: string): Promise<void> {
  await mkdir(join(at, 'mine'))
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
    await renameFile(join(at, name), join(at, 'mine', name))
  }
}

/** What PEFT 0.21 writes beside the keys that matter, and a key of a later version. */
const BESIDE = {
  alora_invocation_tokens: null,
  arrow_config: null,
  auto_mapping: null,
  corda_config: null,
  ensure_weight_tying: false,
  eva_config: null,
  exclude_modules: null,
  kasa_config: null,
  lora_bias: false,
  loftq_config: {},
  megatron_config: null,
  megatron_core: 'megatron.core',
  peft_version: '0.21.2',
  qalora_group_size: 16,
  target_parameters: null,
  trainable_token_indices: null,
  use_bdlora: null,
  use_qalora: false,
  velora_config: null,
  novel_config: null,
}

const every = ['model.layers.0.', 'model.layers.1.'].flatMap((layer) => [
  `${layer}self_attn.q_proj`,
  `${layer}mlp.down_proj`,
])
test.each<[string, Record<string, unknown>]>([
  ['as ms-swift writes them', { target_modules: '^(model(?=\\.).*\\.(q_proj|down_proj))$' }],
  ['a regular expression with names', { target_modules: '(?i).*\\.(?P<which>Q_PROJ|DOWN_PROJ)' }],
  ['whole paths', { target_modules: every }],
  ['ends of paths', { target_modules: ['self_attn.q_proj', 'mlp.down_proj'] }],
  ['names that Qwen2 does not have', { target_modules: ['q_proj', 'down_proj', 'c_attn', 'W_pack'] }],
  ['excluded ones', { target_modules: ['q_proj', 'k_proj', 'down_proj'], exclude_modules: ['k_proj'] }],
  ['an expression of excluded ones', { target_modules: '.*_proj', exclude_modules: '.*\\.([kvo]|gate|up)_proj' }],
  ['none', { target_modules: null }],
  ['all layers by number', { layers_to_transform: [0, 1], layers_pattern: 'layers' }],
  ['gaussian', { init_lora_weights: 'gaussian' }],
  ['EVA', { init_lora_weights: 'eva', eva_config: { rho: 2 } }],
  ['orthogonal', { init_lora_weights: 'orthogonal' }],
  ['MiCA', { init_lora_weights: 'mica' }],
  ['patterns that match nothing', { rank_pattern: { '^q_proj$': 9, proj: 9 }, alpha_pattern: { lm_head: 9 } }],
  ['fan_in_fan_out, which PEFT turns off', { fan_in_fan_out: true }],
  ['modules to save that Qwen2 does not have', { modules_to_save: ['score', 'classifier'] }],
])('target modules and settings: %s', async (_, keys) => {
  const tensors = randomAdapter(config, lora, 1)
  await saveAdapter(folder, lora, tensors, null)
  await change({ ...BESIDE, ...keys })(folder)
  expect(await loadAdapter(folder, config)).toEqual({ lora, tensors, baseModelName: null })
})

test('some layers are written and read with PEFT’s key', async () => {
  const upper: LoraConfig = { ...lora, layers_to_transform: [1] }
  const tensors = randomAdapter(config, upper, 1)
  expect([...tensors.keys()].every((name) => name.includes('.layers.1.'))).toBe(true)
  await saveAdapter(folder, upper, tensors, null)
  const written = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'))
  expect(written).toMatchObject({
    target_modules: ['q_proj', 'down_proj'],
    layers_to_transform: [1],
    layers_pattern: null,
  })
  const told: Message[] = []
  const loaded = { lora: upper, tensors, baseModelName: null }
  const load = () => loadAdapter(folder, config, { warn: (one) => told.push(one) })
  expect(await load()).toEqual(loaded)
  const one = 'model.layers.1.'
  for (const keys of [
    { layers_to_transform: 1 },
    { layers_to_transform: [1, 7], layers_pattern: ['blocks', 'layers'] },
    { layers_to_transform: null, target_modules: [`${one}self_attn.q_proj`, `${one}mlp.down_proj`] },
  ]) {
    await change({ ...BESIDE, layers_pattern: null, ...keys })(folder)
    expect(await load()).toEqual(loaded)
  }
  expect(told).toEqual([])
  await change({ target_modules: lora.target_modules, layers_to_transform: [0, 1] })(folder)
  expect(await load()).toEqual(loaded)
  expect(told.map(english)).toEqual([expect.stringMatching(/no weights for 2 modules .*layers\.0\.self_attn\.q_proj/)])
})

test('a layer that the model does not have is refused', () => {
  expect(() => initLora(config, { ...lora, layers_to_transform: [1, 2] }, 1)).toThrow(
    'lora.layers_to_transform names layer 2, but the base model has 2 layers',
  )
})

test('an old configuration has PEFT’s defaults', async () => {
  const plain: LoraConfig = { r: 8, lora_alpha: 8, lora_dropout: 0, target_modules: ['v_proj'] }
  const tensors = randomAdapter(config, plain, 1)
  await saveAdapter(folder, plain, tensors, null)
  await writeFile(join(folder, 'adapter_config.json'), '{"peft_type": "LORA", "target_modules": ["v_proj"]}')
  expect(await loadAdapter(folder, config)).toEqual({ lora: plain, tensors, baseModelName: null })
})

test('modules and ranks come from the tensors, alphas from the first pattern that matches', async () => {
  const modules = new Map([
    ['model.layers.0.self_attn.q_proj', { r: 5, lora_alpha: 7 }],
    ['model.layers.0.mlp.down_proj', { r: 3, lora_alpha: 6 }],
    ['model.layers.1.self_attn.q_proj', { r: 5, lora_alpha: 9 }],
  ])
  const mixed: LoraConfig = { ...lora, use_rslora: true, modules }
  const tensors = randomAdapter(config, mixed, 1)
  await saveAdapter(folder, mixed, tensors, null)
  expect(await loadAdapter(folder, config)).toEqual({ lora: mixed, tensors, baseModelName: null })
  await change({
    target_modules: ['q_proj', 'down_proj'],
    exclude_modules: ['model.layers.1.mlp.down_proj'],
    rank_pattern: { 'self_attn.q_proj': 5, q_proj: 1 },
    alpha_pattern: { 'layers.0.self_attn.[qk]_proj': 7, _proj: 1, 'q_proj|k_proj': 9, 'model.layers.0': 1 },
  })(folder)
  expect(await loadAdapter(folder, config)).toEqual({ lora: mixed, tensors, baseModelName: null })
  expect(adaptedModules(config, mixed).map(({ scale }) => scale)).toEqual([
    7 / Math.sqrt(5),
    6 / Math.sqrt(3),
    9 / Math.sqrt(5),
  ])
})

test('modules without tensors are told, and stay as in the base model', async () => {
  const tensors = randomAdapter(config, lora, 1)
  await saveAdapter(folder, lora, tensors, null)
  await change({ target_modules: 'all-linear' })(folder)
  const told: Message[] = []
  const loaded = await loadAdapter(folder, config, { warn: (one) => told.push(one) })
  expect(loaded).toEqual({ lora, tensors, baseModelName: null })
  expect(told.map(english)).toEqual([expect.stringMatching(/no weights for 10 modules .*layers\.0\.self_attn\.k_proj/)])
})

test('an adapter of another model is refused in one sentence, without a word on modules that this model has and it has not', async () => {
  await saveAdapter(folder, lora, randomAdapter(config, lora, 1), 'models/base')
  const told: Message[] = []
  const deeper = qwen2({ ...config, num_hidden_layers: config.num_hidden_layers + 1, intermediate_size: 48 })
  const loading = loadAdapter(folder, deeper, { warn: (one) => told.push(one) })
  await expect(loading).rejects.toThrow(/the files belong to different models/)
  expect(told).toEqual([])
})

test.each(['F16', 'BF16'] as const)('reads %s, under an adapter’s name', async (dtype) => {
  const tensors = randomAdapter(config, lora, 1)
  await saveAdapter(folder, lora, tensors, null)
  const rounded = new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, bytes: narrow(data, dtype) }]))
  await writeSafetensorsStream(
    join(folder, 'adapter_model.safetensors'),
    [...rounded].map(([name, { shape }]) => ({ name: name.replace('.weight', '.lesson.weight'), dtype, shape })),
    Readable.from([...rounded.values()].map(({ bytes }) => bytes)),
  )
  const loaded = await loadAdapter(folder, config)
  expect(loaded.lora).toEqual(lora)
  for (const [name, { bytes }] of rounded) expect(loaded.tensors.get(name)!.data).toEqual(widen(bytes, dtype))
})

describe('beside its base model', () => {
  const tensors = randomAdapter(config, lora, 1)
  let base: BaseModel
  const told: Message[] = []
  const load = () => loadAdapter(folder, config, { base, warn: (one) => told.push(one) })
  beforeEach(async () => {
    told.length = 0
    base = { name: 'Qwen/Tiny', folder: join(await mkdtemp(join(room, 'base-')), 'tiny') }
    await saveCheckpoint(base.folder, config, randomModel(config, 1))
    await saveAdapter(folder, lora, tensors, null)
  })

  test.each([
    ['another model', 'Qwen/Qwen2-0.5B', /trained on Qwen\/Qwen2-0\.5B, but the base model here is Qwen\/Tiny/],
    ['a folder of another machine', '/home/somebody/models/tiny/', undefined],
    ['the cache of another machine', '/h/hub/models--Qwen--Tiny/snapshots/0123abc', undefined],
    ['a copy in 4 bits', 'unsloth/tiny-unsloth-bnb-4bit', undefined],
    ['no name', null, undefined],
  ])('an adapter of %s', async (_, name, warning) => {
    await change({ base_model_name_or_path: name })(folder)
    await load()
    expect(told.map(english)).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)])
  })

  test('the fingerprint binds an adapter to its base, however that is stored', async () => {
    const print = await fingerprintOf(base)
    await saveAdapter(folder, lora, tensors, 'somewhere/else', { fingerprint: print })
    await saveCheckpoint(base.folder, config, randomModel(config, 1))
    await load()
    expect(told).toEqual([])

    const whole = await readSafetensors(join(base.folder, 'model.safetensors'))
    const names = [...whole.keys()].reverse()
    const shards = names.map((name, i) => [name, `model-${i % 3}.safetensors`] as const)
    for (const [, shard] of shards.slice(0, 3)) {
      const part = shards.flatMap(([name, of]) => (of === shard ? [[name, whole.get(name)!] as const] : []))
      writeSafetensors(join(base.folder, shard), new Map(part))
    }
    await writeFile(
      join(base.folder, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: Object.fromEntries(shards) }),
    )
    await rm(join(base.folder, 'model.safetensors'))
    expect(await fingerprintOf(base)).toBe(print)
    await load()

    for (const change of [0, 9]) {
      const other = new Map(whole)
      const { shape, data } = other.get('model.layers.1.mlp.up_proj.weight')!
      other.set('model.layers.1.mlp.up_proj.weight', { shape, data: data.map((x, i) => (i === change ? x + 1 : x)) })
      await saveCheckpoint(base.folder, config, other)
      await expect(load()).rejects.toThrow(/trained on other weights \(somewhere\/else\) than those of Qwen\/Tiny/)
    }
    // A copy in another dtype has other bytes, so only the name can tell.
    await writeSafetensorsStream(
      join(base.folder, 'model.safetensors'),
      [...whole].map(([name, { shape }]) => ({ name, dtype: 'BF16', shape })),
      Readable.from([...whole.values()].map(({ data }) => narrow(data, 'BF16'))),
    )
    await load()
    expect(told.map(english)).toEqual([expect.stringMatching(/trained on somewhere\/else/)])
  })

  test.each(['F32', 'F16', 'BF16'] as const)('copies of its weights in %s are ignored', async (dtype) => {
    const weights = randomModel(config, 1)
    const embedding = weights.get('model.embed_tokens.weight')!
    const saved = new Map([
      ['base_model.model.model.embed_tokens.base_layer.weight', embedding],
      ['base_model.model.lm_head.modules_to_save.default.weight', embedding],
      ['base_model.model.model.layers.0.self_attn.q_proj.bias', weights.get('model.layers.0.self_attn.q_proj.bias')!],
    ])
    const all = [...(await readSafetensors(join(folder, 'adapter_model.safetensors'))), ...saved]
    await writeSafetensorsStream(
      join(folder, 'adapter_model.safetensors'),
      all.map(([name, { shape }]) => ({ name, shape, dtype: saved.has(name) ? dtype : 'F32' })),
      Readable.from(all.map(([name, { data }]) => narrow(data, saved.has(name) ? dtype : 'F32'))),
    )
    expect(await load()).toEqual({ lora, tensors, baseModelName: null })
    await saveCheckpoint(base.folder, config, randomModel(config, 2))
    await expect(load()).rejects.toThrow(/embed_tokens.*differs from the base model's/)
  })
})
