/** A lab for the software adapter: a base model so small that its whole pipeline takes seconds there. */
import { join } from 'node:path'
import type { WebGpuHost } from '../main/config/choices.ts'
import { SOFTWARE } from '../main/engine/host/adapter.ts'
import { makePlace, type Place } from './campaign/place.ts'
import { writeTinyModel } from './tiny-model.ts'

/** Settings of a lab with such a model that computes on the software adapter of a host. Its trainings have so many steps. */
export function cardSettings(model: string, host: WebGpuHost, steps: number): Readonly<Record<string, unknown>> {
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
      sft: { max_steps: steps, eval_steps: steps / 2, batch_size: 2, grad_accumulation_steps: 1 },
      dpo: { max_steps: steps, batch_size: 2, grad_accumulation_steps: 1 },
    },
    collect: { seeds_per_task: 3, attempts: 3, temperature: 1 },
    validation: { num_episodes_per_task: 1 },
    evaluation: { num_episodes_per_task: 1, controls: false, base: false },
    flywheel: { rounds: 1 },
  }
}

/** Makes a place in `parent` for such a lab. */
export async function makeCardLab(parent: string, host: 'node' | 'page', steps: number): Promise<Place> {
  const place = makePlace(parent, cardSettings('models/tiny', host, steps))
  await writeTinyModel(join(place.home, 'models/tiny'))
  return place
}
