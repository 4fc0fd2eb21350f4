/** Models in the Hugging Face cache: `models--<owner>--<name>/snapshots/<commit>`, and `refs/main` with the newest commit. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { refusePipe } from '../../files/read.ts'
import { type Message, message } from '../../messages/message.ts'
import { isComplete } from './safetensors.ts'

/** The weights, whole or as the list of their shards. transformers takes the first if both are there. */
export const WHOLE_WEIGHTS = 'model.safetensors'
export const SHARD_INDEX = 'model.safetensors.index.json'

/** A model's folder in the cache. */
export function repositoryFolder(cache: string, name: string): string {
  return join(cache, `models--${name.replace('/', '--')}`)
}

/**
 * Snapshots of a model in the cache: first that of its branch main, then the others, the newest first. None if the cache
 * cannot be read.
 */
export function snapshotsOf(cache: string, name: string): string[] {
  const repository = repositoryFolder(cache, name)
  const all = join(repository, 'snapshots')
  const newest = text(join(repository, 'refs', 'main'))?.trim()
  const written = (commit: string) => statSync(join(all, commit), { throwIfNoEntry: false })?.mtimeMs ?? 0
  try {
    return readdirSync(all)
      .sort((a, b) => Number(b === newest) - Number(a === newest) || written(b) - written(a))
      .map((commit) => join(all, commit))
  } catch {
    return []
  }
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })
const templateSchema = z.object({ chat_template: z.unknown() })

/**
 * What a snapshot lacks of the files that the lab reads, or has damaged. Other tools fetch only what they need: AutoTokenizer
 * leaves snapshots without weights, a broken download those without some shards, and a broken copy files that are cut off.
 */
export function lacking(snapshot: string): (string | Message)[] {
  const has = (name: string) => existsSync(join(snapshot, name))
  const lacks = (name: string) => !isWhole(join(snapshot, name))
  const missing = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].filter(lacks)
  if (has('generation_config.json') && lacks('generation_config.json')) missing.push('generation_config.json')
  const template = templateSchema.safeParse(read(join(snapshot, 'tokenizer_config.json'))).data?.chat_template
  if ((template ?? null) === null && !has('chat_template.jinja')) missing.push('chat_template.jinja')
  return [...missing, ...weightNames(snapshot).filter(lacks)].map((file) =>
    has(file) ? message('fileDamaged', { file }) : file,
  )
}

/** The names of the files with a model's weights, whether or not they are there; of the index if it is damaged. */
export function weightNames(snapshot: string): string[] {
  const has = (name: string) => existsSync(join(snapshot, name))
  return has(WHOLE_WEIGHTS) || !has(SHARD_INDEX) ? [WHOLE_WEIGHTS] : shardsOf(join(snapshot, SHARD_INDEX))
}

/** The files that an index names; the index itself if it is damaged. */
function shardsOf(index: string): string[] {
  const { success, data } = indexSchema.safeParse(read(index))
  return success ? [...new Set(Object.values(data.weight_map))] : [SHARD_INDEX]
}

/**
 * Whether a file of a model is there and undamaged, as far as can be told without reading its weights: JSON is an object, and
 * weights are as long as their header says. `name` is the file's name in the model, where the cache has it under another.
 */
export function isWhole(file: string, name = file): boolean {
  if (name.endsWith('.safetensors')) return isComplete(file)
  if (!name.endsWith('.json')) return existsSync(file)
  const content = read(file)
  return typeof content === 'object' && content !== null
}

function read(file: string): unknown {
  try {
    return JSON.parse(text(file) ?? '')
  } catch {
    return undefined
  }
}

function text(file: string): string | undefined {
  try {
    refusePipe(file)
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
