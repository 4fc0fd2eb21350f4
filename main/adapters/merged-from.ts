/** Which base models were themselves merged from an adapter. */
import { join } from 'node:path'
import { localFolder } from '../engine/architecture.ts'
import { type Merge, mergeOfConfig } from '../engine/checkpoint/config-json.ts'
import { smallText } from '../engine/installed/small-text.ts'

/** By the names of base models; those that say nothing of it, or that are not on this machine, are left out. */
export function mergedFrom(names: readonly string[]): Readonly<Record<string, Merge>> {
  return Object.fromEntries(
    [...new Set(names)].flatMap((name) => {
      const folder = localFolder(name)
      const merge = folder === null ? undefined : mergeIn(smallText(join(folder, 'config.json')))
      return merge === undefined ? [] : [[name, merge] as const]
    }),
  )
}

function mergeIn(text: string | undefined): Merge | undefined {
  try {
    return mergeOfConfig(JSON.parse(text ?? ''))
  } catch {
    return undefined
  }
}
