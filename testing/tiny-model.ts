/** A model so small that a lab trains and plays with it in a moment. It knows nothing, so it succeeds by chance. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { projectPath } from '../main/files/paths.ts'
import { randomModel } from './random-model.ts'
import { FOR_PAGES } from './small-models.ts'

/** Writes a model of random weights with the shipped tokenizer into a folder, and returns the folder. */
export async function writeTinyModel(folder: string): Promise<string> {
  await saveCheckpoint(folder, FOR_PAGES, randomModel(FOR_PAGES, 1, 0.05))
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
    cpSync(projectPath(`models/base/${file}`), join(folder, file))
  }
  return folder
}
