/** What a model's folder holds: checkpoint, tokenizer, chat template, adapter, quantised weights. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mergeAdapter } from '../../../main/adapters/merge.ts'
import { planMemory } from '../../../main/capacity/memory.ts'
import { configSchema } from '../../../main/config/schema.ts'
import { loadAdapter, saveAdapter } from '../../../main/engine/adapter/adapter.ts'
import { loadCheckpoint } from '../../../main/engine/checkpoint/checkpoint.ts'
import { loadEngine } from '../../../main/engine/load.ts'
import { checkTokenizerFits, loadTokenizer } from '../../../main/engine/tokenizer/tokenizer.ts'
import { randomAdapter } from '../../random-model.ts'
import { CHATML } from '../../tiny-tokenizer.ts'
import type { Kind } from '../kind.ts'
import { CONFIG, LORA, writeModel } from './tiny-model.ts'

/** The weights as one shard, with an index. */
async function writeSharded(folder: string): Promise<void> {
  await writeModel(folder)
  const bytes = readFileSync(join(folder, 'model.safetensors'))
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8')) as Record<string, unknown>
  const weight_map = Object.fromEntries(
    Object.keys(header)
      .filter((name) => name !== '__metadata__')
      .map((name) => [name, 'model-00001-of-00001.safetensors']),
  )
  renameSync(join(folder, 'model.safetensors'), join(folder, 'model-00001-of-00001.safetensors'))
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }))
}

/** Loads a model as a stage does: estimate, weights, a few log-probabilities. */
export async function loadModel(folder: string, precision: 'fp32' | 'nf4' = 'fp32'): Promise<void> {
  planMemory(configSchema.parse({ model: { base_model_name: folder, precision } }), 512, 64)
  const engine = await loadEngine({ folder, engine: 'native', threads: 1, precision })
  try {
    await engine.logprobs([{ tokens: Int32Array.of(1, 2, 3), parent: -1, targetStart: 1 }], null)
  } finally {
    await engine.close()
  }
}

export const checkpoint: Kind = {
  async prepare(folder) {
    await writeModel(folder)
    return [
      { file: 'config.json', form: 'json' },
      { file: 'config.json', form: 'json' },
      { file: 'model.safetensors', form: 'safetensors' },
    ]
  },
  load: (folder) => loadModel(folder),
}

export const shards: Kind = {
  async prepare(folder) {
    await writeSharded(folder)
    return [
      { file: 'model.safetensors.index.json', form: 'json' },
      { file: 'model-00001-of-00001.safetensors', form: 'safetensors' },
    ]
  },
  async load(folder) {
    await loadCheckpoint(folder)
  },
}

/** Quantised weights that an earlier load has put beside the model. */
export const quantized: Kind = {
  async prepare(folder) {
    await writeModel(folder)
    await loadModel(folder, 'nf4')
    return readdirSync(folder)
      .filter((name) => name.startsWith('dpo-driver-'))
      .map((file) => ({ file, form: 'safetensors' }))
  },
  load: (folder) => loadModel(folder, 'nf4'),
}

export async function readTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder)
  checkTokenizerFits(tokenizer, { vocab_size: 2 ** 31 })
  const tokens = tokenizer.chatPrompt([
    { role: 'system', content: 'You act.' },
    { role: 'user', content: 'click <|im_end|> the "é" button' },
  ])
  tokenizer.decode(tokens)
  tokenizer.encode('click it\n\nnow')
}

export const tokenizer: Kind = {
  async prepare(folder) {
    await writeModel(folder)
    return [
      { file: 'tokenizer.json', form: 'json' },
      { file: 'tokenizer_config.json', form: 'json' },
      { file: 'generation_config.json', form: 'json' },
    ]
  },
  load: readTokenizer,
}

export const template: Kind = {
  async prepare(folder) {
    await writeModel(folder)
    writeFileSync(join(folder, 'chat_template.jinja'), CHATML)
    return [{ file: 'chat_template.jinja', form: 'template' }]
  },
  load: readTokenizer,
}

export const adapter: Kind = {
  async prepare(folder) {
    await writeModel(join(folder, 'base'))
    await saveAdapter(join(folder, 'adapter'), LORA, randomAdapter(CONFIG, LORA, 2), 'base')
    return [
      { file: 'adapter/adapter_config.json', form: 'json' },
      { file: 'adapter/adapter_config.json', form: 'json' },
      { file: 'adapter/adapter_model.safetensors', form: 'safetensors' },
    ]
  },
  async load(folder) {
    await loadAdapter(join(folder, 'adapter'), CONFIG)
    await mergeAdapter(join(folder, 'base'), join(folder, 'adapter'), join(folder, 'merged'))
  },
}
