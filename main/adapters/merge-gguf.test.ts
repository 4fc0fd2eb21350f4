import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mixedLora, randomAdapter, randomModel, TINY } from '../../testing/random-model.ts'
import { TINY_VOCAB_SIZE, tinyTokenizer, writeTinyTokenizer } from '../../testing/tiny-tokenizer.ts'
import { PROJECTIONS } from '../config/choices.ts'
import { saveAdapter } from '../engine/adapter/adapter.ts'
import { loadCheckpoint, saveCheckpoint } from '../engine/checkpoint/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../engine/checkpoint/safetensors.ts'
import type { LoraConfig, ModelConfig, Tensor } from '../engine/engine.ts'
import { arrayOf, readGgufHeader, type ValueArray } from '../engine/gguf/header.ts'
import { isPaired, pairRows } from '../engine/gguf/pair.ts'
import { TOKEN } from '../engine/gguf/types.ts'
import { loadTokenizer } from '../engine/tokenizer/tokenizer.ts'
import { adaptedModules, loraTensors } from '../engine/weights.ts'
import type { Message } from '../messages/message.ts'
import { mergeAdapter } from './merge.ts'
import { mergedFrom } from './merged-from.ts'

const qwen2: ModelConfig = {
  ...TINY,
  hidden_size: 32,
  head_dim: 8,
  intermediate_size: 64,
  vocab_size: TINY_VOCAB_SIZE + 3,
}
const FAMILIES: Record<string, ModelConfig> = {
  qwen2,
  'qwen2 with a head of its own': { ...qwen2, tie_word_embeddings: false },
  qwen3: { ...qwen2, model_type: 'qwen3', attention_bias: false, head_dim: 12 },
  llama: { ...qwen2, model_type: 'llama', attention_bias: false },
  'llama 3': {
    ...qwen2,
    model_type: 'llama',
    attention_bias: false,
    rope_theta: 500_000,
    rope_scaling: {
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    },
  },
}
const lora: LoraConfig = { r: 3, lora_alpha: 12, lora_dropout: 0, target_modules: PROJECTIONS }

let room: string
const at = (name: string) => join(room, name)
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'merge-gguf-'))
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

async function prepare(config: ModelConfig, adapted: LoraConfig = lora): Promise<void> {
  await saveCheckpoint(at('base'), config, randomModel(config, 1, 0.2))
  await writeTinyTokenizer(at('base'))
  await saveAdapter(at('adapter'), adapted, randomAdapter(config, adapted, 2, 0.2), null)
}

describe.each(Object.entries(FAMILIES))('%s', (_, config) => {
  test('what is written is what is read again: configuration, weights, tokens', async () => {
    await prepare(config)
    await mergeAdapter(at('base'), at('adapter'), at('merged'))
    await mergeAdapter(at('base'), at('adapter'), at('merged.gguf'), { form: 'F32' })
    const [folder, file] = [await loadCheckpoint(at('merged')), await loadCheckpoint(at('merged.gguf'))]
    expect(file.config).toEqual(folder.config)
    const from = { base: at('base'), adapter: at('adapter') }
    expect(await mergedFrom([at('merged.gguf'), at('merged')])).toEqual({
      [at('merged.gguf')]: from,
      [at('merged')]: from,
    })
    expect([...file.tensors.keys()]).toEqual([...folder.tensors.keys()])
    for (const [name, tensor] of file.tensors) expect(tensor, name).toEqual(folder.tensors.get(name))
    const [ours, again] = [await loadTokenizer(at('base')), await loadTokenizer(at('merged.gguf'))]
    const text = 'click the <|im_end|> button’s é 1234\n\n  now'
    expect(again.encode(text)).toEqual(ours.encode(text))
    const messages = [{ role: 'user', content: text }]
    expect(again.chatPrompt(messages)).toEqual(ours.chatPrompt(messages))
    expect(again.stopTokenIds[0]).toBe(ours.stopTokenIds[0])
  })

  test('an adapter alone has the same B A, in llama.cpp’s order and with its scale', async () => {
    const mixed = mixedLora(config, 1)
    await prepare(config, mixed)
    await mergeAdapter(at('base'), at('adapter'), at('adapter.gguf'), { form: 'LoRA' })
    const header = readGgufHeader(at('adapter.gguf'))
    expect(Object.fromEntries(header.metadata)).toMatchObject({
      'general.architecture': config.model_type,
      'general.type': 'adapter',
      'adapter.type': 'lora',
      'adapter.lora.alpha': mixed.lora_alpha,
    })
    const saved = await readSafetensors(join(at('adapter'), 'adapter_model.safetensors'))
    const modules = adaptedModules(config, mixed)
    expect(header.tensors.size).toBe(2 * modules.length)
    for (const { name, r, scale } of modules) {
      const [a, b] = loraTensors(name).map((each) => saved.get(each)!) as [Tensor, Tensor]
      const stem = `blk.${/\d+/.exec(name)![0]}.${NAMES[name.split('.').at(-1)!]}.weight`
      const [writtenA, writtenB] = [read(header, `${stem}.lora_a`), read(header, `${stem}.lora_b`)]
      expect(writtenA).toEqual(a.data)
      const rows = isPaired(config, `${name}.weight`) ? pairRows(b.data, r, config.head_dim) : b.data
      writtenB.forEach((value, i) => {
        expect((value * mixed.lora_alpha) / r).toBeCloseTo(scale * rows[i]!, 5)
      })
    }
  })
})

const NAMES: Record<string, string> = {
  q_proj: 'attn_q',
  k_proj: 'attn_k',
  v_proj: 'attn_v',
  o_proj: 'attn_output',
  gate_proj: 'ffn_gate',
  up_proj: 'ffn_up',
  down_proj: 'ffn_down',
}

function read({ file, tensors }: ReturnType<typeof readGgufHeader>, name: string): Float32Array {
  const { begin, end } = tensors.get(name)!
  return new Float32Array(Uint8Array.from(readFileSync(file).subarray(begin, end)).buffer)
}

test.each(['safetensors', 'F16', 'BF16', 'F32', 'Q8_0'] as const)(
  'a base with NaN is not merged into %s',
  async (form) => {
    await prepare(qwen2)
    const target = at(form === 'safetensors' ? 'merged' : 'merged.gguf')
    for (const name of ['model.norm.weight', 'model.layers.0.mlp.up_proj.weight']) {
      const weights = new Map(randomModel(qwen2, 1, 0.2))
      const { shape, data } = weights.get(name)!
      weights.set(name, { shape, data: data.with(3, Number.NaN) })
      await saveCheckpoint(at('base'), qwen2, weights)
      await writeTinyTokenizer(at('base'))
      await expect(mergeAdapter(at('base'), at('adapter'), target, { form })).rejects.toThrow(
        `${name} holds NaN or infinity`,
      )
      expect(readdirSync(room).sort()).toEqual(['adapter', 'base'])
    }
  },
)

test('a folder does not get the name of a file', async () => {
  await prepare(qwen2)
  await expect(mergeAdapter(at('base'), at('adapter'), at('merged.gguf'))).rejects.toThrow('add --gguf')
  expect(readdirSync(room).sort()).toEqual(['adapter', 'base'])
})

test('a plain adapter keeps its numbers, and one of alpha 0 changes nothing', async () => {
  await prepare(qwen2)
  await mergeAdapter(at('base'), at('adapter'), at('plain.gguf'), { form: 'LoRA' })
  const saved = await readSafetensors(join(at('adapter'), 'adapter_model.safetensors'))
  const b = saved.get('base_model.model.model.layers.0.mlp.up_proj.lora_B.weight')!
  expect(read(readGgufHeader(at('plain.gguf')), 'blk.0.ffn_up.weight.lora_b')).toEqual(b.data)

  await prepare(qwen2, { ...lora, lora_alpha: 0 })
  await mergeAdapter(at('base'), at('adapter'), at('nothing.gguf'), { form: 'LoRA' })
  const header = readGgufHeader(at('nothing.gguf'))
  // llama.cpp takes an alpha of 0 as a scale of 1.
  expect(header.metadata.get('adapter.lora.alpha')).toBe(1)
  expect(read(header, 'blk.0.ffn_up.weight.lora_b').every((value) => value === 0)).toBe(true)
})

test('metadata and types are those of llama.cpp’s converter', async () => {
  await prepare(qwen2)
  await mergeAdapter(at('base'), at('adapter'), at('merged.gguf'), { form: 'Q8_0' })
  const { metadata, tensors, file } = readGgufHeader(at('merged.gguf'))
  expect(Object.fromEntries(metadata)).toMatchObject({
    'general.architecture': 'qwen2',
    'general.type': 'model',
    'general.name': 'merged',
    'general.file_type': 7,
    'qwen2.block_count': 2,
    'qwen2.embedding_length': 32,
    'qwen2.feed_forward_length': 64,
    'qwen2.attention.head_count': 4,
    'qwen2.attention.head_count_kv': 2,
    'qwen2.context_length': 128,
    'qwen2.rope.freq_base': 1e6,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.add_bos_token': false,
    // <|endoftext|> is the eos_token, but <|im_end|> ends a turn.
    'tokenizer.ggml.eos_token_id': TINY_VOCAB_SIZE - 3,
    'tokenizer.ggml.eot_token_id': TINY_VOCAB_SIZE - 1,
  })
  const values = (key: string) => arrayOf(file, metadata.get(key) as ValueArray)
  expect(values('tokenizer.ggml.tokens').slice(-5)).toEqual([
    '<|im_start|>',
    '<|im_end|>',
    `[PAD${TINY_VOCAB_SIZE}]`,
    `[PAD${TINY_VOCAB_SIZE + 1}]`,
    `[PAD${TINY_VOCAB_SIZE + 2}]`,
  ])
  expect(values('tokenizer.ggml.token_type').slice(-7)).toEqual(
    [TOKEN.normal, TOKEN.control, TOKEN.control, TOKEN.control, TOKEN.unused, TOKEN.unused, TOKEN.unused].map(Number),
  )
  expect(values('tokenizer.ggml.merges')).toEqual(tinyTokenizer().model.merges)
  const typeOf = (name: string) => tensors.get(name)!.type
  expect(typeOf('token_embd.weight')).toBe('Q8_0')
  expect(typeOf('blk.1.ffn_down.weight')).toBe('Q8_0')
  expect(typeOf('blk.1.attn_q.bias')).toBe('F32')
  expect(typeOf('output_norm.weight')).toBe('F32')
})

test('rows that are no whole blocks stay in F16', async () => {
  const odd = { ...qwen2, hidden_size: 40, head_dim: 10, intermediate_size: 64 }
  await prepare(odd)
  await mergeAdapter(at('base'), at('adapter'), at('merged.gguf'), { form: 'Q8_0' })
  const { tensors } = readGgufHeader(at('merged.gguf'))
  expect(tensors.get('blk.0.attn_q.weight')!.type).toBe('F16')
  expect(tensors.get('blk.0.ffn_down.weight')!.type).toBe('Q8_0')
})

test('a GGUF file is a base too', async () => {
  await prepare(FAMILIES.llama!)
  await mergeAdapter(at('base'), at('adapter'), at('once.gguf'), { form: 'F32' })
  await mergeAdapter(at('once.gguf'), at('adapter'), at('twice.gguf'), { form: 'F32' })
  await mergeAdapter(at('base'), at('adapter'), at('once'))
  await mergeAdapter(at('once'), at('adapter'), at('twice'))
  const [file, folder] = [await loadCheckpoint(at('twice.gguf')), await loadCheckpoint(at('twice'))]
  for (const [name, tensor] of file.tensors) expect(tensor, name).toEqual(folder.tensors.get(name))
  expect((await loadTokenizer(at('twice.gguf'))).encode('click it')).toEqual(
    (await loadTokenizer(at('base'))).encode('click it'),
  )
})

test('a tokenizer that cuts otherwise than llama.cpp can is told', async () => {
  await prepare(qwen2)
  const told: string[] = []
  const warn = ({ id }: Message) => told.push(id)
  await mergeAdapter(at('base'), at('adapter'), at('same.gguf'), { form: 'F16', warn })
  expect(told).toEqual([])
  const own = tinyTokenizer()
  const pre_tokenizer = {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '\\s' }, behavior: 'Isolated', invert: false },
      { ...own.pre_tokenizer, use_regex: false },
    ],
  }
  writeFileSync(join(at('base'), 'tokenizer.json'), JSON.stringify({ ...own, pre_tokenizer }))
  await mergeAdapter(at('base'), at('adapter'), at('other.gguf'), { form: 'F16', warn })
  expect(told).toEqual(['mergeGgufPreTokenizer'])
})

test('what was trained beside LoRA goes into a merged file only', async () => {
  await prepare(qwen2)
  const file = join(at('adapter'), 'adapter_model.safetensors')
  const other = randomModel(qwen2, 5).get('model.norm.weight')!
  writeSafetensors(file, new Map([...(await readSafetensors(file)), ['base_model.model.model.norm.weight', other]]))
  await mergeAdapter(at('base'), at('adapter'), at('merged.gguf'), { form: 'F16' })
  expect((await loadCheckpoint(at('merged.gguf'))).tensors.get('model.norm.weight')).toEqual(other)
  await expect(mergeAdapter(at('base'), at('adapter'), at('a.gguf'), { form: 'LoRA' })).rejects.toThrow(
    /dpo-driver merge/,
  )
})

test('a failure gives a message and leaves no file', async () => {
  await prepare(qwen2)
  const merge = (name: string, options = {}) =>
    mergeAdapter(at('base'), at('adapter'), at(name), { form: 'F16', ...options })
  await expect(merge('merged')).rejects.toThrow('merged does not end in .gguf')
  writeFileSync(at('taken.gguf'), '')
  await expect(merge('taken.gguf')).rejects.toThrow('taken.gguf already exists')
  const stop = new AbortController()
  const options = { signal: stop.signal, onProgress: (done: number) => done === 3 && stop.abort() }
  await expect(merge('merged.gguf', options)).rejects.toThrow('aborted')
  expect(readdirSync(room).sort()).toEqual(['adapter', 'base', 'taken.gguf'])
  expect(existsSync(at('merged.gguf'))).toBe(false)
})
