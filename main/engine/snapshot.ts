/** Models in the Hugging Face cache: `models--<owner>--<name>/snapshots/<commit>`, and `refs/main` with the newest commit. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

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
 * What a snapshot lacks of the files that the lab reads. Other tools fetch only what they need: AutoTokenizer leaves
 * snapshots without weights, and a broken download those without some shards.
 */
export function lacking(snapshot: string): string[] {
  const lacks = (name: string) => !existsSync(join(snapshot, name))
  const missing = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].filter(lacks)
  const template = templateSchema.safeParse(read(join(snapshot, 'tokenizer_config.json'))).data?.chat_template
  if ((template ?? null) === null && lacks('chat_template.jinja')) missing.push('chat_template.jinja')
  if (!lacks(WHOLE_WEIGHTS)) return missing
  const index = indexSchema.safeParse(read(join(snapshot, SHARD_INDEX)))
  if (!index.success) return [...missing, WHOLE_WEIGHTS]
  return [...missing, ...[...new Set(Object.values(index.data.weight_map))].filter(lacks)]
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
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
