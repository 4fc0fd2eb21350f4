/** Finds a model's architecture by its name, before the model is loaded. */

import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import { parseModelConfig } from './checkpoint/config-json.ts'
import { readOptionalSync } from './checkpoint/model-file.ts'
import { readModelConfig } from './checkpoint/model-files.ts'
import { isWhole, snapshotsOf } from './checkpoint/snapshot.ts'
import type { ModelConfig } from './engine.ts'
import { type DownloadOptions, downloadModel } from './hub/hub.ts'
import { huggingFaceCache } from './hub/settings.ts'
import { isOnHub, resolveModel } from './load.ts'
import { PUBLISHED_SIZES, publishedShape } from './shapes.ts'

/**
 * The architecture of a model on this machine, also if only its configuration is in the Hugging Face cache yet, or of a
 * published size of Qwen2.
 * @throws UserError if it is neither, or its config.json cannot be read.
 */
export function architectureOf(name: string): ModelConfig {
  if (localFolder(name) === null) {
    const published = publishedShape(name)
    if (published !== undefined) return published
    if (isOnHub(name)) {
      for (const snapshot of snapshotsOf(huggingFaceCache(), name)) {
        const config = join(snapshot, 'config.json')
        if (isWhole(config)) return parseModelConfig(config, readOptionalSync(config) ?? '')
      }
      throw new UserError('modelShapeUnknown', { name, folder: `models/${name}`, known: PUBLISHED_SIZES })
    }
  }
  return readModelConfig(resolveModel(name))
}

/**
 * Fetches the small files of a model on the hub into the cache, if its shape is not known yet: then architectureOf knows it.
 * @throws UserError if the hub cannot be reached, has no such model, or wants a token for it.
 */
export async function fetchShape(
  name: string,
  options: Partial<Pick<DownloadOptions, 'endpoint'>> = {},
): Promise<void> {
  if (localFolder(name) !== null || !isOnHub(name) || isShapeKnown(name)) return
  const learnt = new Error('the shape is known')
  const check = () => {
    throw learnt
  }
  await downloadModel(name, { cache: huggingFaceCache(), check, ...options }).catch((error: unknown) => {
    if (error !== learnt) throw error
  })
}

function isShapeKnown(name: string): boolean {
  try {
    architectureOf(name)
    return true
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

/** The folder or GGUF file of a model; null if it is not on this machine. */
export function localFolder(name: string): string | null {
  try {
    return resolveModel(name)
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}

/** The shape of the configured model; null if it is unknown before the download. */
export function knownShape({ model }: Pick<Config, 'model'>): ModelConfig | null {
  try {
    return architectureOf(model.base_model_name)
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}
