/** Walks folders that other programs keep. They may be huge, unreadable or in circles. */
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What one search may look at, and what it could not read. */
export interface Search {
  /** Names that it may still look at. A search that has none left ends with what it has. */
  left: number
  /** Folders that are there and cannot be read. */
  readonly unreadable: string[]
}

export interface Visited {
  readonly folder: string
  /** The names of its files, and of its folders. Links count as what they lead to; hidden names are left out. */
  readonly files: readonly string[]
  readonly folders: readonly string[]
}

/** Yields a folder, and then those below it down to `depth`, each in the order of names. Nothing where there is none. */
export async function* foldersUnder(root: string, depth: number, search: Search): AsyncGenerator<Visited> {
  const visited = await namesIn(root, search)
  yield visited
  if (depth === 0) return
  for (const name of visited.folders) yield* foldersUnder(join(root, name), depth - 1, search)
}

/** The names in a folder. None where it is not there or cannot be read. */
export async function namesIn(folder: string, search: Search): Promise<Visited> {
  const files: string[] = []
  const folders: string[] = []
  try {
    for await (const entry of await opendir(folder)) {
      if (search.left <= 0) break
      search.left -= 1
      if (entry.name.startsWith('.')) continue
      const there = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry
      if (there?.isDirectory()) folders.push(entry.name)
      else if (there?.isFile()) files.push(entry.name)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') search.unreadable.push(folder)
  }
  return { folder, files: files.sort(), folders: folders.sort() }
}
