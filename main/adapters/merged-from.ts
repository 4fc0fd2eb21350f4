/** Which base models were themselves merged from an adapter. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { localFolder } from '../engine/architecture.ts'
import { type Merge, mergeOfConfig } from '../engine/checkpoint/config-json.ts'
import { mergeOfGguf } from '../engine/gguf/merge.ts'
import { findOwnModels } from '../engine/installed/find.ts'
import { smallText } from '../engine/installed/small-text.ts'

/** How many names are looked at in models/. */
const MOST_NAMES = 5_000

/** By their names, of the models that are given and of all in models/; those that say nothing of it, or that are not on this machine, are left out. */
export async function mergedFrom(names: readonly string[]): Promise<Readonly<Record<string, Merge>>> {
  const own = await findOwnModels({ left: MOST_NAMES, unreadable: [] })
  return Object.fromEntries(
    [...new Set([...names, ...own.map(({ name }) => name)])].flatMap((name) => {
      const path = localFolder(name)
      const merge = path === null ? undefined : mergeIn(path)
      return merge === undefined ? [] : [[name, merge] as const]
    }),
  )
}

/** `path` is a folder or a GGUF file, of which anything may be wrong. */
function mergeIn(path: string): Merge | undefined {
  try {
    if (statSync(path).isFile()) return mergeOfGguf(path)
    return mergeOfConfig(JSON.parse(smallText(join(path, 'config.json')) ?? ''))
  } catch {
    return undefined
  }
}
