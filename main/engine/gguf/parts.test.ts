import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type GgufEntry, type GgufValue, ggufBytes } from '../../../testing/gguf-file.ts'
import { isGguf, openGguf } from './parts.ts'

let room: string
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'gguf-parts-'))
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

function tensor(name: string): GgufEntry {
  return { name, type: 'F32', shape: [2], bytes: new Uint8Array(8) }
}

const nameOf = (part: number) => join(room, `model-0000${part}-of-00003.gguf`)

/** Three parts, of which the first has only metadata, as llama-gguf-split --no-tensor-first-split writes it. */
function writeParts(changes: Readonly<Record<number, [string, GgufValue][]>> = {}): void {
  const tensors = [[], [tensor('a')], [tensor('b'), tensor('c')]]
  for (const part of [1, 2, 3]) {
    const values = new Map<string, GgufValue>([
      ...(part === 1 ? ([['general.architecture', { string: 'qwen2' }]] as const) : []),
      ['split.no', { uint16: part - 1 }],
      ['split.count', { uint16: 3 }],
      ['split.tensors.count', { int32: 3 }],
      ...(changes[part] ?? []),
    ])
    writeFileSync(nameOf(part), ggufBytes({ values: [...values], tensors: tensors[part - 1]! }))
  }
}

test('any part stands for all', () => {
  writeParts()
  for (const part of [1, 2, 3]) {
    const model = openGguf(nameOf(part))
    expect(model.file).toBe(nameOf(1))
    expect(model.files).toEqual([nameOf(1), nameOf(2), nameOf(3)])
    expect(model.metadata.get('general.architecture')).toBe('qwen2')
    expect([...model.tensors.values()].map(({ name, file }) => `${name} ${basename(file)}`)).toEqual([
      'a model-00002-of-00003.gguf',
      'b model-00003-of-00003.gguf',
      'c model-00003-of-00003.gguf',
    ])
  }
})

test('parts that are missing, renamed or of another model are told', () => {
  writeParts()
  rmSync(nameOf(2))
  expect(() => openGguf(nameOf(3))).toThrow(/and model-00002-of-00003\.gguf is not beside it; copy all parts/)
  writeParts({ 2: [['split.no', { uint16: 2 }]] })
  expect(() => openGguf(nameOf(1))).toThrow(
    /00002-of-00003\.gguf does not belong to the other parts \(split\.no differs\)/,
  )
  writeParts({ 3: [['split.count', { uint16: 2 }]] })
  expect(() => openGguf(nameOf(1))).toThrow(/\(split\.count differs\)/)
  writeParts({ 1: [['split.tensors.count', { int32: 4 }]] })
  expect(() => openGguf(nameOf(1))).toThrow(/\(split\.tensors\.count differs\)/)
  const renamed = join(room, 'model.gguf')
  writeFileSync(renamed, ggufBytes({ values: [['split.count', { uint16: 3 }]] }))
  expect(() => openGguf(renamed)).toThrow(/is one of 3 parts of a model; give the parts names such as/)
})

test('a GGUF file is known by its ending, or by its beginning', () => {
  const blob = join(room, 'sha256-0123')
  writeFileSync(blob, ggufBytes({ values: [] }))
  writeFileSync(join(room, 'broken.gguf'), 'not one')
  writeFileSync(join(room, 'config.json'), '{}')
  expect(
    ['sha256-0123', 'broken.gguf', 'config.json', '.', 'missing.gguf'].map((name) => isGguf(join(room, name))),
  ).toEqual([true, true, false, false, false])
})
