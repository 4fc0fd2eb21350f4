/**
 * A training that can be stopped at any instant: weights, AdamW's moments, the position in the data and the settings, in one
 * file that is whole at every instant.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { openSafetensors, readTensor, writeSafetensors } from '../../main/engine/checkpoint/safetensors.ts'
import type { ModelConfig, OptimizerState, Tensor, Tensors } from '../../main/engine/engine.ts'
import { checkpointShapes } from '../../main/engine/weights.ts'

/** What the weights depend on. A training goes on with the settings that it began with; only its length may change. */
const settings = z.strictObject({
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive(),
  vocab_size: z.int().positive(),
  /** Lessons a step. */
  pages: z.int().positive(),
  learning_rate: z.number().positive(),
  seed: z.int().nonnegative(),
})
export type Settings = z.infer<typeof settings>

const progress = z.strictObject({
  /** Optimiser steps done. A step's lessons follow from its number. */
  step: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  answers: z.int().nonnegative(),
  /** Seconds of training, over all sittings. */
  seconds: z.number().nonnegative(),
  /** Mean over the targets of the last steps, in nats; 0 before the first. */
  loss: z.number(),
  sittings: z.int().positive(),
})
export type Progress = z.infer<typeof progress>

export interface TrainingState {
  readonly settings: Settings
  readonly progress: Progress
  readonly weights: Tensors
  readonly optimizer: OptimizerState
}

export const stateFile = (folder: string): string => join(folder, 'training.safetensors')

/** Throws UserError if the disk refuses; then the state before it stays. */
export function writeState(folder: string, { settings, progress, weights, optimizer }: TrainingState): void {
  const tensors = new Map<string, Tensor>()
  for (const [part, those] of Object.entries({ ...optimizer, weights })) {
    if (typeof those === 'number') continue
    for (const [name, tensor] of those) tensors.set(`${part}.${name}`, tensor)
  }
  writeSafetensors(stateFile(folder), tensors, {
    settings: JSON.stringify(settings),
    progress: JSON.stringify(progress),
  })
}

/** The state in a folder, undefined if no training has begun there. Throws UserError or ZodError if the file is not a state. */
export async function readState(
  folder: string,
  configOf: (settings: Settings) => ModelConfig,
): Promise<TrainingState | undefined> {
  if (!existsSync(stateFile(folder))) return undefined
  const file = await openSafetensors(stateFile(folder))
  try {
    const began = settings.parse(JSON.parse(file.metadata.settings ?? 'null'))
    const reached = progress.parse(JSON.parse(file.metadata.progress ?? 'null'))
    const part = async (name: string): Promise<Tensors> => {
      const tensors = new Map<string, Tensor>()
      for (const tensor of checkpointShapes(configOf(began)).keys()) {
        const entry = file.entries.get(`${name}.${tensor}`)
        if (entry === undefined) throw new Error(`${file.file}: ${name}.${tensor} is missing`)
        tensors.set(tensor, await readTensor(file, entry))
      }
      return tensors
    }
    return {
      settings: began,
      progress: reached,
      weights: await part('weights'),
      optimizer: { step: reached.step, exp_avg: await part('exp_avg'), exp_avg_sq: await part('exp_avg_sq') },
    }
  } finally {
    await file.close()
  }
}
