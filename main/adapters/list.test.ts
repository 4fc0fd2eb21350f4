import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Config, configSchema } from '../config/schema.ts'
import { saveAdapter } from '../engine/adapter/adapter.ts'
import { Store } from '../store/store.ts'
import { listAdapters } from './list.ts'
import { lineages } from './origin.ts'

let folder: string
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adapters-'))
  store = new Store(join(folder, 'lab.sqlite'))
})
afterEach(() => store.close())

function config(replay: number): Config {
  const paths = { sft_adapter_path: join(folder, 'sft'), dpo_adapter_path: join(folder, 'dpo'), reports: folder }
  return configSchema.parse({ paths, training: { dpo: { replay } } })
}

test('with use_rslora the effective scale is told', async () => {
  const lora = { r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(join(folder, 'sft'), { ...lora, use_rslora: true }, new Map(), 'models/base')
  await saveAdapter(join(folder, 'dpo'), lora, new Map(), 'models/base')
  expect(listAdapters(store, config(0))).toMatchObject([
    { arm: 'sft', lora_alpha: 8, rsloraScale: 4 },
    { arm: 'dpo', lora_alpha: 8, rsloraScale: null },
  ])
})

test('an adapter of some layers says which', async () => {
  const lora = { r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(join(folder, 'sft'), { ...lora, layers_to_transform: [2, 3] }, new Map(), 'models/base')
  await saveAdapter(join(folder, 'dpo'), lora, new Map(), 'models/base')
  expect(listAdapters(store, config(0))).toMatchObject([{ layers_to_transform: [2, 3] }, { layers_to_transform: null }])
})

test('golden samples are an origin of DPO only where the run trained on them', () => {
  const kinds = (run: number, arm = 'dpo') => lineages(store)(run, arm, 1).map(({ kind }) => kind)
  const alone = store.runs.create('trial', 'dpo', config(0))
  expect(kinds(alone)).toEqual(['pairs', 'base'])
  expect(kinds(alone, 'replay')).toEqual(['golden', 'base'])
  expect(kinds(store.runs.create('trial', 'dpo', config(1)))).toEqual(['pairs', 'golden', 'base'])
  // The SFT policy of the same run is its reference.
  store.stages.start({ run: alone, stage: 'sft', round: 0 })
  store.stages.end({ run: alone, stage: 'sft', round: 0 }, 'done', { examples: 29 })
  expect(kinds(alone)).toEqual(['pairs', 'golden', 'base'])
})

test('an adapter whose files have changed is read again', async () => {
  const lora = { r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(join(folder, 'sft'), lora, new Map(), 'models/base')
  expect(listAdapters(store, config(0))).toMatchObject([{ r: 4, problem: null }])
  expect(listAdapters(store, config(0))).toMatchObject([{ r: 4, problem: null }])
  await saveAdapter(join(folder, 'sft'), { ...lora, r: 2 }, new Map(), 'models/base')
  expect(listAdapters(store, config(0))).toMatchObject([{ r: 2, problem: null }])
  rmSync(join(folder, 'sft', 'adapter_model.safetensors'))
  expect(listAdapters(store, config(0))).toMatchObject([{ problem: { id: 'safetensorsMissing' } }])
  rmSync(join(folder, 'sft'), { recursive: true })
  expect(listAdapters(store, config(0))).toEqual([])
})
