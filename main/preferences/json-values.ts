/**
 * The JSON values of a data file: one a line, or laid out over lines, or as one list. Python's json module and jq write
 * all of these.
 */

/** A value as it is written; its line counts from 1. */
export interface Written {
  readonly line: number
  /** Its number in a list, from 1, where it does not begin a line; undefined for others. */
  readonly entry?: number
  readonly text: string
}

/** Some editors put one at the start of a text. */
const BYTE_ORDER_MARK = '\uFEFF'

/** The values of a text, one after another. What is not complete JSON comes as it is. */
export function* writtenValues(text: string): Generator<Written> {
  const begin = beginOf(text)
  let isOpen = isList(text)
  if (!isOpen && !isLaidOut(text, begin)) {
    yield* writtenLines(text, begin)
    return
  }
  let line = linesIn(text, 0, begin) + 1
  let from = begin
  let entry = 0
  let startsLine = false
  let at = begin
  const skip = (to: number) => {
    const next = afterSpace(text, to)
    startsLine = linesIn(text, at, next) > 0
    at = next
  }
  if (isOpen) skip(begin + 1)
  while (at < text.length || isOpen) {
    line += linesIn(text, from, at)
    from = at
    if (isOpen && text[at] === ']') {
      isOpen = false
      at = afterSpace(text, at + 1)
      continue
    }
    const end = endOfValue(text, at)
    entry += 1
    yield { line, text: text.slice(at, end), ...(isOpen && !startsLine && { entry }) }
    if (end === undefined) return
    at = afterSpace(text, end)
    if (isOpen && text[at] === ',') skip(at + 1)
  }
}

/** Whether the text is a list of values in brackets, to which nothing can be added line by line. */
export function isList(text: string): boolean {
  return text[beginOf(text)] === '['
}

/** A value that is not complete JSON. */
export const NOT_JSON = Symbol('not JSON')

/**
 * The value of a text; NOT_JSON where it is none. NaN and Infinity, which Python's json module writes, are read as null.
 */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    try {
      return JSON.parse(text.replace(CONSTANTS, (token) => (token.startsWith('"') ? token : 'null')))
    } catch {
      return NOT_JSON
    }
  }
}

const CONSTANTS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/gs

/** Whether a text that is not JSON has only a comma too many: before a closing bracket, or at its end. */
export function hasStrayComma(text: string): boolean {
  const without = text.replace(STRAY_COMMAS, (token) => (token.startsWith('"') ? token : ''))
  return without !== text && parseValue(without) !== NOT_JSON
}

const STRAY_COMMAS = /"[^"\\]*(?:\\.[^"\\]*)*"|,(?=\s*(?:[\]}]|$))/gs

/** The path of the first key that an object in a text has twice; undefined where there is none. `value` is the text's. */
export function repeatedKey(text: string, value: unknown): (string | number)[] | undefined {
  // Counting is quick. It can find too many keys, where a text begins with a colon, but hardly ever too few.
  return (text.match(KEY_ENDS)?.length ?? 0) > keysIn(value) ? findRepeated(text) : undefined
}

/** A key of an object and its value, as they are written but for spaces. */
export interface Member {
  readonly key: string
  readonly text: string
}

/** The keys of an object's text in the order in which they stand, with the text of their values. */
export function* membersOf(text: string): Generator<Member> {
  let at = afterSpace(text, beginOf(text) + 1)
  while (text[at] === '"') {
    const keyEnd = endOfString(text, at) ?? text.length
    const begin = afterSpace(text, text.indexOf(':', keyEnd) + 1)
    const end = endOfValue(text, begin) ?? text.length
    const written = text.slice(at, keyEnd)
    yield { key: String(JSON.parse(written)), text: `${written}:${withoutSpaces(text.slice(begin, end))}` }
    at = afterSpace(text, end)
    if (text[at] === ',') at = afterSpace(text, at + 1)
  }
}

/** A value on one line. */
function withoutSpaces(text: string): string {
  return /^[[{]/.test(text) ? text.replace(STRINGS_AND_SPACES, '$1') : text
}

const STRINGS_AND_SPACES = /("[^"\\]*(?:\\.[^"\\]*)*")|\s+/gs

const KEY_ENDS = /(?<!\\)"\s*:/g

/** The number of keys of all objects in a value. A value may be deeper than functions can call themselves. */
function keysIn(value: unknown): number {
  let keys = 0
  for (const open = [value]; open.length > 0; ) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null) continue
    const values = Object.values(one)
    if (!Array.isArray(one)) keys += values.length
    for (const inner of values) open.push(inner)
  }
  return keys
}

const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[[\]{},]/gs

function findRepeated(text: string): (string | number)[] | undefined {
  const open: { readonly keys: Set<string> | null; at: string | number }[] = []
  for (const [token, written, colon] of text.matchAll(TOKENS)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ keys: new Set(), at: '' })
    else if (token === '[') open.push({ keys: null, at: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && typeof inner?.at === 'number') inner.at++
    else if (written !== undefined && colon !== undefined && inner?.keys) {
      const key = String(JSON.parse(written))
      inner.at = key
      if (inner.keys.has(key)) return open.map(({ at }) => at)
      inner.keys.add(key)
    }
  }
  return undefined
}

function* writtenLines(text: string, begin: number): Generator<Written> {
  let line = linesIn(text, 0, begin) + 1
  for (let at = begin; at < text.length; line++) {
    const feed = text.indexOf('\n', at)
    const end = feed === -1 ? text.length : feed
    const written = text.slice(at, end).trim()
    if (written !== '') yield { line, text: written }
    at = end + 1
  }
}

/** Whether the first value does not end on its line, but does end. */
function isLaidOut(text: string, begin: number): boolean {
  if (text[begin] !== '{') return false
  const end = endOfValue(text, begin)
  return end !== undefined && text.slice(begin, end).includes('\n')
}

/** The place after the value that begins at a place; undefined where it does not end. */
function endOfValue(text: string, begin: number): number | undefined {
  let depth = 0
  for (let at = begin; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at)
        if (end === undefined) return undefined
        at = end - 1
        break
      }
      case '{':
      case '[':
        depth++
        continue
      case '}':
      case ']':
        depth--
        break
      default:
        if (depth > 0 || !/[\s,\]}]/.test(text[at + 1] ?? ' ')) continue
    }
    if (depth <= 0) return at + 1
  }
  return undefined
}

/** The place after the string whose first quote is at a place; undefined where it does not end. */
function endOfString(text: string, begin: number): number | undefined {
  for (let quote = text.indexOf('"', begin + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0
    while (text[quote - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return quote + 1
  }
  return undefined
}

function beginOf(text: string): number {
  return afterSpace(text, text.startsWith(BYTE_ORDER_MARK) ? 1 : 0)
}

function afterSpace(text: string, begin: number): number {
  let at = begin
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++
  return at
}

function linesIn(text: string, from: number, to: number): number {
  let lines = 0
  for (let at = from; at < to; at++) if (text[at] === '\n') lines++
  return lines
}
