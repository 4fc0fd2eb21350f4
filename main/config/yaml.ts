/** YAML files that people write. Errors name file and line. */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { UserError } from '../messages/error.ts'
import { reasonOf } from '../messages/reason.ts'
import type { Key } from './demand.ts'

export interface YamlFile {
  readonly document: Document
  /** The present values. Throws UserError for a wrong alias. */
  values(): unknown
  /** The file and line of the key at a path. For a key that the file lacks, those of the nearest group that it has. */
  place(path: readonly Key[]): string
}

/** Reads a text that must be a group of keys, or empty. Throws UserError where it is something else; errors call it `file`. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = document.errors[0]
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0])
    throw new UserError('configNotYaml', { path: file, line, reason: broken.message })
  }
  const values = (): unknown => {
    try {
      return document.toJS()
    } catch (error) {
      throw new UserError('configNotYaml', { path: file, line: wrongAlias(document, lines), reason: reasonOf(error) })
    }
  }
  if (document.contents !== null && !isMap(document.contents) && values() !== null) {
    throw new UserError('configNotAMap', { path: file })
  }
  return { document, values, place: (path) => `${file}:${lineOf(document, lines, path)}` }
}

/** The line of the first YAML alias (`*name`) without an anchor (`&name`) before it; 1 where all have one. */
function wrongAlias(document: Document, lines: LineCounter): number {
  let line = 1
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      if (alias.range) line = lines.linePos(alias.range[0]).line
      return visit.BREAK
    },
  })
  return line
}

/** The line of the key at a path. For a key that the file lacks, the line of the nearest group that it has. */
function lineOf(document: Document, lines: LineCounter, path: readonly Key[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const last = path[length - 1]
    const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === last) : undefined
    const node = pair === undefined ? document.getIn(path.slice(0, length), true) : pair.key
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}
