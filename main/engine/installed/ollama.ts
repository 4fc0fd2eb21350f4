/**
 * Models that Ollama keeps: `manifests/<registry>/<owner>/<name>/<tag>` is JSON with the layers of a model, and the layer
 * with the weights is a GGUF file `blobs/sha256-<digest>`.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../messages/error.ts'
import { smallText } from './small-text.ts'
import { foldersUnder, type Search } from './walk.ts'

const WEIGHTS = 'application/vnd.ollama.image.model'
/** What stands before an Ollama name in the configuration. */
const PREFIX = 'ollama:'
const REGISTRY = 'registry.ollama.ai'
const OWNER = 'library'

const manifestSchema = z.object({
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string() })),
})
const NAME = /^ollama:([\w.-]+(?:\/[\w.-]+){0,2})(?::([\w.-]+))?$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** A model by the name that Ollama shows. */
export interface OllamaModel {
  /** As `ollama list` prints it: name:tag, owner/name:tag, or registry/owner/name:tag. */
  readonly name: string
  /** The file with its weights; null if the manifest names none. */
  readonly file: string | null
}

/** The folders that Ollama keeps models in: OLLAMA_MODELS, or that of the user and that of its Linux service. */
export function ollamaFolders(home: string = homedir()): string[] {
  const named = process.env.OLLAMA_MODELS
  return named ? [named] : [join(home, '.ollama/models'), '/usr/share/ollama/.ollama/models']
}

/** Every model of a folder of Ollama's. */
export async function ollamaModels(folder: string, search: Search): Promise<OllamaModel[]> {
  const manifests = join(folder, 'manifests')
  const models: OllamaModel[] = []
  for await (const visited of foldersUnder(manifests, 3, search)) {
    const place = relative(manifests, visited.folder).split(sep)
    const [registry = '', owner = '', name = ''] = place
    if (place.length !== 3) continue
    const shown = [
      registry === REGISTRY ? [] : [registry],
      registry === REGISTRY && owner === OWNER ? [] : [owner],
      name,
    ]
    for (const tag of visited.files) {
      models.push({ name: `${shown.flat().join('/')}:${tag}`, file: weightsOf(folder, join(visited.folder, tag)) })
    }
  }
  return models
}

/** The name in the configuration for a model of Ollama's. */
export function configuredName({ name }: OllamaModel): string {
  return `${PREFIX}${name}`
}

/** Whether a configuration names a model of Ollama's. */
export function isOllamaName(configured: string): boolean {
  return configured.startsWith(PREFIX)
}

/**
 * The GGUF file for a configuration's `ollama:NAME`, with or without a tag (`latest`, as Ollama takes it).
 * @throws UserError if Ollama has no such model here.
 */
export function ollamaFile(configured: string): string {
  const [, path = '', tag = 'latest'] = NAME.exec(configured) ?? []
  const parts = path.split('/')
  const place = [...[REGISTRY, OWNER].slice(0, Math.max(0, 3 - parts.length)), ...parts, tag]
  const safe = path !== '' && place.every((part) => !/^\.+$/.test(part))
  for (const folder of safe ? ollamaFolders() : []) {
    const file = weightsOf(folder, join(folder, 'manifests', ...place))
    if (file !== null && existsSync(file)) return file
  }
  throw new UserError('ollamaMissing', { name: configured.slice(PREFIX.length) })
}

/** The file with the weights that a manifest names; null if the manifest is broken or names none. */
function weightsOf(folder: string, manifest: string): string | null {
  try {
    const { layers } = manifestSchema.parse(JSON.parse(smallText(manifest) ?? ''))
    const digest = layers.find(({ mediaType }) => mediaType === WEIGHTS)?.digest ?? ''
    return DIGEST.test(digest) ? join(folder, 'blobs', digest.replace(':', '-')) : null
  } catch {
    return null
  }
}
