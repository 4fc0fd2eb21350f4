/** A model in GGUF: one file, or parts called NAME-00001-of-0000N.gguf, of which the first has the metadata. */
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../../messages/error.ts'
import { beginsAsGguf, type GgufHeader, type GgufTensor, readGgufHeader, type Value } from './header.ts'

/** What the headers of a model's files say. */
export interface Gguf {
  /** The file with the metadata. */
  readonly file: string
  /** All files. */
  readonly files: readonly string[]
  readonly metadata: ReadonlyMap<string, Value>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

const PART = /^(?<stem>.+)-(?<part>\d{5})-of-(?<count>\d{5})\.gguf$/

/** Whether a path leads to a GGUF file: by its name, or by its first bytes, as Ollama's blobs have no ending. */
export function isGguf(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
  return path.endsWith('.gguf') || beginsAsGguf(path)
}

/**
 * Reads the headers of a model's files. `file` may be any part.
 * @throws UserError as readGgufHeader does, and if parts are missing or do not belong together.
 */
export function openGguf(file: string): Gguf {
  const given = readGgufHeader(file)
  const count = given.metadata.get('split.count') ?? 1
  if (count === 0 || count === 1) return { ...given, files: [file] }
  const files = partsOf(file, count)
  const headers = files.map((part) => (part === file ? given : readGgufHeader(part)))
  const tensors = new Map<string, GgufTensor>()
  for (const [index, header] of headers.entries()) {
    checkPart(header, index, files.length)
    for (const [name, tensor] of header.tensors) {
      if (tensors.has(name)) throw new UserError('ggufPartsDisagree', { file: header.file, key: name })
      tensors.set(name, tensor)
    }
  }
  const [first] = headers as [GgufHeader, ...GgufHeader[]]
  const total = first.metadata.get('split.tensors.count') ?? tensors.size
  if (total !== tensors.size) throw new UserError('ggufPartsDisagree', { file: first.file, key: 'split.tensors.count' })
  return { file: first.file, files, metadata: first.metadata, tensors }
}

function partsOf(file: string, count: Value): string[] {
  const named = PART.exec(basename(file))?.groups
  if (named === undefined || Number(named.count) !== count || Number(named.part) < 1 || Number(named.part) > count) {
    throw new UserError('ggufPartName', { file, count: typeof count === 'object' ? '[]' : String(count) })
  }
  const files = Array.from({ length: count }, (_, index) =>
    join(dirname(file), `${named.stem}-${String(index + 1).padStart(5, '0')}-of-${named.count}.gguf`),
  )
  const missing = files.filter((part) => !existsSync(part)).map((part) => basename(part))
  if (missing.length > 0) throw new UserError('ggufPartMissing', { file, missing: missing.slice(0, 3) })
  return files
}

function checkPart({ file, metadata }: GgufHeader, index: number, count: number): void {
  for (const [key, value] of [
    ['split.no', index],
    ['split.count', count],
  ] as const) {
    if (metadata.get(key) !== value) throw new UserError('ggufPartsDisagree', { file, key })
  }
}
