/** A lab for the software adapter: a base model so small that its whole pipeline takes seconds there. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { WebGpuHost } from '../main/config/choices.ts'
import { saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { SOFTWARE } from '../main/engine/host/adapter.ts'
import { projectPath } from '../main/files/paths.ts'
import { makePlace, type Place } from './campaign/place.ts'
import { randomModel } from './random-model.ts'
import { FOR_PAGES } from './small-models.ts'

/** Writes a model of random weights with the shipped tokenizer into a folder, and returns the folder. It succeeds by chance. */
export async function writeCardModel(folder: string): Promise<string> {
  await saveCheckpoint(folder, FOR_PAGES, randomModel(FOR_PAGES, 1, 0.05))
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
    cpSync(projectPath(`models/base/${file}`), join(folder, file))
  }
  return folder
}

/** Settings of a lab with this model that computes on the software adapter of a host. */
export function cardSettings(model: string, host: WebGpuHost): Readonly<Record<string, unknown>> {
  return {
    model: {
      base_model_name: model,
      engine: 'webgpu',
      webgpu_adapter: SOFTWARE,
      webgpu_host: host,
      max_new_tokens: 40,
    },
    tasks: ['click-test-2', 'click-button'],
    golden: { samples_per_task: 2, held_out_per_task: 1 },
    training: {
      sft: { max_steps: 12, eval_steps: 6, batch_size: 2, grad_accumulation_steps: 1 },
      dpo: { max_steps: 12, batch_size: 2, grad_accumulation_steps: 1 },
    },
    collect: { seeds_per_task: 3, attempts: 3, temperature: 1 },
    validation: { num_episodes_per_task: 1 },
    evaluation: { num_episodes_per_task: 1, controls: false, base: false },
    flywheel: { rounds: 1 },
  }
}

/** Makes a place in `parent` for such a lab. */
export async function makeCardLab(parent: string, host: 'node' | 'page'): Promise<Place> {
  const place = makePlace(parent, cardSettings('models/tiny', host))
  await writeCardModel(join(place.home, 'models/tiny'))
  return place
}
