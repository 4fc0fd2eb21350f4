import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { prepareLab } from '../../../testing/prepared-lab.ts'
import { randomAdapter } from '../../../testing/random-model.ts'
import { loadConfig } from '../../config/config.ts'
import type { Config } from '../../config/schema.ts'
import { loadAdapter, saveAdapter } from '../../engine/adapter/adapter.ts'
import { fingerprintOf } from '../../engine/adapter/base-identity.ts'
import { readModelConfig } from '../../engine/checkpoint/model-files.ts'
import type { ModelConfig } from '../../engine/engine.ts'
import { projectPath } from '../../files/paths.ts'
import { english } from '../../messages/say.ts'
import { Store } from '../../store/store.ts'
import { loraShape, type TrainingRecord } from '../elsewhere.ts'
import { openResources } from '../resources.ts'
import { runStages } from '../runner.ts'
import { importAdapter, readTrained } from './import-adapter.ts'

let room: string
let config: Config
let shape: ModelConfig
let record: TrainingRecord
beforeAll(async () => {
  room = mkdtempSync(join(tmpdir(), 'import-'))
  config = loadConfig(await prepareLab(room))
  const folder = projectPath(config.model.base_model_name)
  shape = readModelConfig(folder)
  const store = new Store(config.paths.store)
  const { started } = store.runs.record(1)
  store.close()
  const fingerprint = await fingerprintOf({ name: 'base', folder })
  record = {
    lab: {
      ...{ format: 'dpo-driver trl 1', run: 1, round: 1, started, pairs: 36, reference: 'sft', prompt: 'compact 1' },
      ...{ base: { name: 'models/base', fingerprint }, lora: loraShape(config.lora), imitation: 1, replay: 0.5 },
    },
    arguments: ['--beta', '0.2'],
    libraries: { trl: '1.16.0', peft: '0.21.2' },
    processes: 2,
    steps: 2,
    log: [
      { step: 1, loss: 2, 'rewards/margins': 0 },
      { step: 2, loss: 1.5, epoch: 1 },
    ],
  }
})

let store: Store
let folder: string
beforeEach(async () => {
  store = new Store(config.paths.store)
  folder = mkdtempSync(join(room, 'trained-'))
  await saveAdapter(folder, config.lora, randomAdapter(shape, config.lora, 9, 0.01), 'models/base')
  writeFileSync(join(folder, 'trained.json'), JSON.stringify(record))
})
afterEach(() => store.close())

/** Imports into a new run. Returns its result, what it said, and its number. */
async function imported(path: string | null = folder) {
  const collection = { run: 1, round: 1 }
  const id = store.runs.create('trial', 'import', config, { collection })
  const said: string[] = []
  const options = {
    store,
    run: { id, name: 'trial', config, collection },
    resources: openResources(config),
    signal: new AbortController().signal,
    emit: (event: { readonly event: string; readonly text?: string }) =>
      event.text !== undefined && said.push(event.text),
  }
  const result = await runStages(options, (runner) => runner.perform(importAdapter(path), 1))
  return { id, result, said }
}

test('the adapter becomes the DPO policy of a run, with its base, its prompt and its curves', async () => {
  const { id, result, said } = await imported()
  const elsewhere = '2 steps with TRL 1.16.0, PEFT 0.21.2 on 2 processes'
  expect(result).toMatchObject({ pairs: 36, reference: 'sft', arms: ['dpo'], elsewhere })
  expect(english(importAdapter(null).line(result, 1))).toMatch(
    /36 pairs.*; trained elsewhere: 2 steps with TRL 1\.16\.0/,
  )
  expect(said.join('\n')).toContain('other options than those of the export: --beta 0.2')
  const own = join(config.paths.reports, `trial-${id}/round-1/dpo_adapter`)
  const theirs = await loadAdapter(folder, shape)
  for (const place of [own, config.paths.dpo_adapter_path]) {
    const { tensors, prompt } = await loadAdapter(place, shape, {
      base: { name: 'base', folder: projectPath('models/base') },
    })
    expect(tensors).toEqual(theirs.tensors)
    expect(prompt).toBe('compact 1')
  }
  const metrics = store.metrics.of(id).map(({ step, name, value }) => [step, name, value])
  expect(metrics).toEqual(
    expect.arrayContaining([
      [1, 'loss', 2],
      [1, 'rewards/margins', 0],
      [2, 'loss', 1.5],
    ]),
  )
})

test('an export that has its trained adapter within is as good as that', async () => {
  const outer = mkdtempSync(join(room, 'export-'))
  cpSync(folder, join(outer, 'trained'), { recursive: true })
  expect((await readTrained(store, outer)).folder).toBe(join(outer, 'trained'))
})

/** Writes the record with other values. */
function write(change: (record: TrainingRecord) => object): void {
  writeFileSync(join(folder, 'trained.json'), JSON.stringify(change(record)))
}

test.each<[string, RegExp, () => unknown]>([
  [
    'a packed folder',
    /is not a folder; unpack it first/,
    () => {
      rmSync(folder, { recursive: true })
      writeFileSync(folder, 'PK')
    },
  ],
  ['no record', /has no trained\.json/, () => rmSync(join(folder, 'trained.json'))],
  [
    'a record that is a folder',
    /trained\.json/,
    () => {
      rmSync(join(folder, 'trained.json'))
      mkdirSync(join(folder, 'trained.json'))
    },
  ],
  ['a record cut off', /trained\.json/, () => writeFileSync(join(folder, 'trained.json'), '{"lab": {')],
  ['a record of another version', /lab\.format/, () => write((one) => ({ ...one, lab: { ...one.lab, format: '2' } }))],
  [
    'figures named like files',
    /log\[0\].*Invalid key/,
    () => write((one) => ({ ...one, log: [{ step: 1, '../../x': 1 }] })),
  ],
  [
    'another lab',
    /run 1, round 1, of another lab/,
    () => write((one) => ({ ...one, lab: { ...one.lab, started: 1 } })),
  ],
  ['a run that is not here', /run 77/, () => write((one) => ({ ...one, lab: { ...one.lab, run: 77 } }))],
  [
    'another round',
    /round 2 of run 1, and not on what this run/,
    () => write((one) => ({ ...one, lab: { ...one.lab, round: 2 } })),
  ],
  [
    'another base model',
    /trained on the base model other, and models\/base has other weights/,
    () => write((one) => ({ ...one, lab: { ...one.lab, base: { name: 'other', fingerprint: '1:F32:0' } } })),
  ],
  [
    'another rank',
    /another rank, another alpha or other modules/,
    async () => {
      const lora = { ...config.lora, r: 4 }
      await saveAdapter(folder, lora, randomAdapter(shape, lora, 9), null)
    },
  ],
  [
    'another alpha',
    /another rank, another alpha or other modules/,
    () => saveAdapter(folder, { ...config.lora, lora_alpha: 99 }, randomAdapter(shape, config.lora, 9), null),
  ],
  [
    'fewer modules',
    /another rank, another alpha or other modules/,
    async () => {
      const lora = { ...config.lora, target_modules: ['q_proj' as const] }
      await saveAdapter(folder, lora, randomAdapter(shape, lora, 9), null)
    },
  ],
  [
    'a pickle',
    /adapter_model\.bin \(pickle\)/,
    () => renameSync(join(folder, 'adapter_model.safetensors'), join(folder, 'adapter_model.bin')),
  ],
  [
    'a whole model',
    /has a whole model/,
    () => {
      rmSync(join(folder, 'adapter_config.json'))
      writeFileSync(join(folder, 'config.json'), '{}')
    },
  ],
  [
    'weights that are no numbers',
    /NaN|not finite|no number/i,
    () => {
      const file = join(folder, 'adapter_model.safetensors')
      const bytes = readFileSync(file)
      bytes.fill(0xff, bytes.length - 4)
      writeFileSync(file, bytes)
    },
  ],
])('%s is refused', async (_, reason, spoil) => {
  await spoil()
  const before = readFileSync(join(config.paths.dpo_adapter_path, 'adapter_model.safetensors'))
  await expect(imported()).rejects.toThrow(reason)
  const after = readFileSync(join(config.paths.dpo_adapter_path, 'adapter_model.safetensors'))
  expect(after.equals(before)).toBe(true)
  const { id } = store.runs.latest()!
  expect(existsSync(join(config.paths.reports, `trial-${id}/round-1/dpo_adapter/adapter_config.json`))).toBe(false)
})

test('a run that has taken no adapter yet needs the folder again', async () => {
  await expect(imported(null)).rejects.toThrow(/npx dpo-driver adapter import FOLDER/)
})
