/** The models on this machine, where the lab and other programs keep them. Nothing is read of a model but its name. */
import { join, relative } from 'node:path'
import { PROGRAM_ROOT, PROJECT_ROOT } from '../../files/paths.ts'
import { lacking, snapshotsOf } from '../checkpoint/snapshot.ts'
import { huggingFaceCache } from '../hub/settings.ts'
import { lmStudioFolders } from './lm-studio.ts'
import { configuredName, ollamaFolders, ollamaModels } from './ollama.ts'
import { foldersUnder, namesIn, type Search } from './walk.ts'

export const SOURCES = ['models', 'hugging-face', 'lm-studio', 'ollama'] as const

/** A model that was found. */
export interface Found {
  /** Who keeps it: the project's models/, or another program. */
  readonly source: (typeof SOURCES)[number]
  /** What model.base_model_name takes. */
  readonly name: string
  /** The name under which its source shows it. */
  readonly title: string
  /** A folder in Hugging Face layout, or a GGUF file. */
  readonly format: 'folder' | 'gguf'
  /** Where that is; null if the source does not say it. */
  readonly path: string | null
}

/** Levels of folders: models/OWNER/NAME, and LM Studio's PUBLISHER/NAME. A snapshot may have a folder for each form. */
const DEPTH = 3
const SNAPSHOT_DEPTH = 1

/** Finds all models, those of models/ first, each by its configured name once. */
export async function findModels(search: Search): Promise<Found[]> {
  const found = [
    ...(await findOwnModels(search)),
    ...(await inHuggingFaceCache(huggingFaceCache(), search)),
    ...(await inLmStudio(search)),
    ...(await inOllama(search)),
  ]
  return [...new Map(found.toReversed().map((one) => [one.name, one])).values()].reverse()
}

/** The models in models/. */
export async function findOwnModels(search: Search): Promise<Found[]> {
  const found: Found[] = []
  // An installed program ships its model in its own folder.
  for (const root of new Set([PROJECT_ROOT, PROGRAM_ROOT])) {
    for (const path of await modelsUnder(join(root, 'models'), DEPTH, search)) {
      const name = relative(root, path)
      found.push({ source: 'models', name, title: name, format: formatOf(path), path })
    }
  }
  return found
}

/** Of each repository that whole snapshot which a run would take, else the first; and its GGUF files. */
async function inHuggingFaceCache(cache: string, search: Search): Promise<Found[]> {
  const found: Found[] = []
  for (const folder of (await namesIn(cache, search)).folders) {
    const [, name] = /^models--(.+)$/.exec(folder.replace(/(?<=^models--.+?)--/, '/')) ?? []
    if (name === undefined) continue
    const snapshots = snapshotsOf(cache, name)
    const [snapshot] = snapshots
    if (snapshot === undefined) continue
    const models = await modelsUnder(snapshot, SNAPSHOT_DEPTH, search)
    const folders = models.filter((path) => path === snapshot)
    const whole = folders.length === 0 || snapshots.length === 1 ? snapshot : (snapshots.find(isWhole) ?? snapshot)
    for (const _ of folders) found.push({ source: 'hugging-face', name, title: name, format: 'folder', path: whole })
    for (const path of models.filter((path) => formatOf(path) === 'gguf')) {
      const title = join(name, relative(snapshot, path))
      found.push({ source: 'hugging-face', name: path, title, format: 'gguf', path })
    }
  }
  return found
}

async function inLmStudio(search: Search): Promise<Found[]> {
  const found: Found[] = []
  for (const folder of lmStudioFolders()) {
    for (const path of await modelsUnder(folder, DEPTH, search)) {
      found.push({ source: 'lm-studio', name: path, title: relative(folder, path), format: formatOf(path), path })
    }
  }
  return found
}

async function inOllama(search: Search): Promise<Found[]> {
  const found: Found[] = []
  for (const folder of ollamaFolders()) {
    for (const model of await ollamaModels(folder, search)) {
      found.push({ source: 'ollama', name: configuredName(model), title: model.name, format: 'gguf', path: model.file })
    }
  }
  return found
}

/** Folders with a config.json and GGUF files, from `root` down to `depth`. Of a file in parts the first stands for all. */
async function modelsUnder(root: string, depth: number, search: Search): Promise<string[]> {
  const found: string[] = []
  for await (const { folder, files } of foldersUnder(root, depth, search)) {
    if (files.includes('config.json')) found.push(folder)
    found.push(
      ...files.filter((name) => formatOf(name) === 'gguf' && !isLaterPart(name)).map((name) => join(folder, name)),
    )
  }
  return found
}

function isWhole(snapshot: string): boolean {
  return lacking(snapshot).length === 0
}

function formatOf(path: string): Found['format'] {
  return /\.gguf$/i.test(path) ? 'gguf' : 'folder'
}

/** Whether a GGUF file goes on from another: `-00002-of-00003.gguf`. */
function isLaterPart(name: string): boolean {
  const [, part] = /-(\d{5})-of-\d{5}\.gguf$/i.exec(name) ?? []
  return part !== undefined && Number(part) !== 1
}
