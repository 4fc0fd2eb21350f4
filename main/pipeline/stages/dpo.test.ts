import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareLab } from '../../../testing/prepared-lab.ts'
import { writeTinyModel } from '../../../testing/tiny-model.ts'
import { openConfig } from '../../config/config.ts'
import type { Config } from '../../config/schema.ts'
import { Store } from '../../store/store.ts'
import { openResources } from '../resources.ts'
import { runStages } from '../runner.ts'
import { dpo } from './dpo.ts'

let room: string
let configWith: (overrides: Readonly<Record<string, unknown>>) => Config
beforeAll(async () => {
  room = mkdtempSync(join(tmpdir(), 'dpo-'))
  const model = { base_model_name: await writeTinyModel(join(room, 'tiny')), max_new_tokens: 40 }
  const settings = { model, training: { dpo: { max_steps: 1, batch_size: 2 } }, evaluation: { controls: false } }
  configWith = openConfig(await prepareLab(room, settings))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** Trains on the pairs of the run that is there. Returns what was said. */
async function trained(overrides: Readonly<Record<string, unknown>>): Promise<string[]> {
  const config = configWith(overrides)
  const store = new Store(config.paths.store)
  const collection = { run: 1, round: 1 }
  const id = store.runs.create('trial', 'dpo', config, { collection })
  const said: string[] = []
  const resources = openResources(config)
  const options = {
    store,
    run: { id, name: 'trial', config, collection },
    resources,
    signal: new AbortController().signal,
    emit: (event: { readonly event: string; readonly text?: string }) =>
      event.text !== undefined && said.push(event.text),
  }
  try {
    await runStages(options, (runner) => runner.perform(dpo, 1))
    return said
  } finally {
    await resources.close()
    store.close()
  }
}

test('an adapter keeps the shape of the one before it, and the stage says so where the settings are others', async () => {
  const told = /The adapter keeps the rank, modules and layers of .*sft_adapter\. Your settings under lora differ/
  expect((await trained({})).join('\n')).not.toMatch(told)
  for (const other of [{ 'lora.r': 4 }, { 'lora.layers_to_transform': [1] }])
    expect((await trained(other)).join('\n')).toMatch(told)
})
