/** Mutations of files by their form: bytes as bytes, and structures as structures. */
import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { parse, stringify } from 'yaml'
import { mutateBytes } from './byte-mutation.ts'
import type { Dice } from './dice.ts'
import { jsonText, mutateJson } from './json-mutation.ts'
import { mutateTemplate } from './template-mutation.ts'

export type Form = 'gguf' | 'json' | 'jsonl' | 'yaml' | 'safetensors' | 'sqlite' | 'template' | 'text'

/** Mutates a file in its place. */
export function mutateFile(path: string, form: Form, dice: Dice): void {
  const bytes = readFileSync(path)
  if (form === 'text' || dice.chance(0.3)) writeFileSync(path, mutateBytes(bytes, dice))
  else if (form === 'sqlite') mutateColumns(path, dice)
  else writeFileSync(path, structured(bytes, form, dice))
}

function structured(bytes: Buffer, form: Exclude<Form, 'text' | 'sqlite'>, dice: Dice): string | Buffer {
  const text = bytes.toString('utf8')
  switch (form) {
    case 'json':
      return jsonText(mutateJson(JSON.parse(text), dice), dice)
    case 'jsonl':
      return mutateLines(text.trimEnd().split('\n'), dice)
    case 'yaml':
      return yamlText(mutateJson(parse(text), dice), dice)
    case 'safetensors':
      return mutateHeader(bytes, dice)
    case 'gguf':
      return mutateGguf(bytes, dice)
    case 'template':
      return mutateTemplate(text, dice)
  }
}

function mutateLines(lines: readonly string[], dice: Dice): string {
  const at = dice.whole(lines.length)
  const line = jsonText(mutateJson(JSON.parse(lines[at] ?? 'null'), dice), dice)
  const changed = dice.pick([
    () => lines.with(at, line),
    () => [...lines, line, line],
    () => lines.toSpliced(at, 1),
    () => [`[${lines.join(',')}]`],
    () => lines.with(at, `${lines[at]}${line}`),
  ])()
  return changed.join(dice.pick(['\n', '\n', '\n', '\r\n', '\n\n', '\r', '\u2028']))
}

function yamlText(value: unknown, dice: Dice): string {
  let text: string
  try {
    text = stringify(value)
  } catch {
    text = `${'['.repeat(2000)}${']'.repeat(2000)}`
  }
  if (!dice.chance(0.15)) return text
  return dice.pick([
    (whole: string) => whole.replace(/: /, ': &a '),
    (whole: string) => `${whole}more: *nothing\n`,
    (whole: string) => `a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n${whole}`,
    (whole: string) => whole.replaceAll('  ', '\t'),
    (whole: string) => `--- \n${whole}\n---\n${whole}`,
    (whole: string) => whole.replace(/: \d+/, ': !!binary x'),
    (whole: string) => `? [a, b]\n: c\n${whole}`,
    (whole: string) => whole.replace(/: \d+/, ': 0o17'),
  ])(text)
}

/** Changes the header of a safetensors file: eight bytes with its length, and JSON. */
function mutateHeader(bytes: Buffer, dice: Dice): Buffer {
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8')) as unknown
  const text = Buffer.from(jsonText(mutateJson(header, dice), dice))
  const size = Buffer.alloc(8)
  const told = dice.chance(0.8) ? text.length : dice.pick([0, 1, text.length - 1, text.length + 1, 2 ** 31, 2 ** 52])
  size.writeBigUInt64LE(BigInt(Math.max(0, told)))
  return Buffer.concat([size, text, bytes.subarray(8 + length)])
}

/**
 * Changes the header of a GGUF file: in its bytes, or in the number or text behind one of its keys and tensors' names. The
 * tensors stay whole behind it.
 */
function mutateGguf(bytes: Buffer, dice: Dice): Buffer {
  // The last tensor's name, and about what is behind it.
  const end = Math.min(bytes.length, bytes.lastIndexOf('.weight') + 64)
  const [header, rest] = [bytes.subarray(0, end), bytes.subarray(end)]
  if (dice.chance(0.3)) return Buffer.concat([mutateBytes(header, dice), rest])
  const name = dice.pick([...header.toString('latin1').matchAll(/(general|tokenizer|qwen2|blk)\.[\w.]+|\w+\.weight/g)])
  const copy = Buffer.from(bytes)
  // Behind a key: type, and the value's number, or the text's length. Behind a tensor's name: dimensions, type, place.
  const at = Math.min(copy.length - 8, name.index + name[0].length + dice.pick([0, 4, 4, 8, 12, 16, 20, 24]))
  if (dice.chance(0.5)) copy.writeUInt32LE(dice.pick([0, 1, 2, 3, 8, 9, 13, 23, 31, 64, 255, 2 ** 31, 2 ** 32 - 1]), at)
  else copy[at] = (copy[at] ?? 0) ^ (1 << dice.whole(8))
  return copy
}

/** Changes a value of a table, most often one with JSON. */
function mutateColumns(path: string, dice: Dice): void {
  const store = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  try {
    store.exec('PRAGMA ignore_check_constraints = 1; PRAGMA journal_mode = DELETE')
    const tables = store
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`)
      .all()
    for (let tries = 0; tries < 20; tries++) {
      const table = String(dice.pick(tables).name)
      const rows = store.prepare(`SELECT * FROM ${table} LIMIT 20`).all()
      if (rows.length === 0) continue
      const row = dice.pick(rows)
      const column = dice.pick(Object.keys(row))
      const before = row[column] as SQLInputValue
      if (change(store, table, column, before, dice)) return
    }
  } finally {
    store.close()
  }
}

function change(store: DatabaseSync, table: string, column: string, before: SQLInputValue, dice: Dice): boolean {
  try {
    const after = typeof before === 'string' ? mutatedText(before, dice) : dice.pick([0, -1, 2 ** 40, 1.5, null, 'x'])
    return (
      Number(store.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} IS ?`).run(after, before).changes) > 0
    )
  } catch {
    // The table does not take this value.
    return false
  }
}

function mutatedText(text: string, dice: Dice): string {
  try {
    return jsonText(mutateJson(JSON.parse(text), dice), dice)
  } catch {
    return mutateBytes(Buffer.from(text), dice).toString('utf8')
  }
}
