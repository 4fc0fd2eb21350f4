import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ggufBytes } from '../../../testing/gguf-file.ts'
import { paired } from '../../../testing/tiny-gguf.ts'
import { openGguf } from './parts.ts'
import { GgufFiles, storedPieces } from './tensor.ts'

let room: string
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'gguf-tensor-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

test('rows of paired heads are put in order also where a tensor comes in several pieces', async () => {
  // Heads of 48 rows, which do not divide the 64 rows that a piece has a multiple of.
  const [heads, dim, columns] = [100, 48, 1024]
  const numbers = Float32Array.from({ length: heads * dim * columns }, (_, index) => index)
  const bytes = new Uint8Array(paired(numbers, columns, dim).buffer)
  const file = join(room, 'model.gguf')
  const tensor = { name: 'a', type: 'F32', shape: [heads * dim, columns], bytes } as const
  writeFileSync(file, ggufBytes({ values: [], tensors: [tensor] }))
  const files = await GgufFiles.open([file])
  const offsets: number[] = []
  let next = 0
  for await (const piece of storedPieces(files, openGguf(file).tensors.get('a')!, dim)) {
    offsets.push(piece.offset)
    expect(piece.offset).toBe(next)
    next += piece.bytes.length / 4
    const expected = new Uint8Array(numbers.buffer, 4 * piece.offset, piece.bytes.length)
    expect(Buffer.compare(piece.bytes, expected)).toBe(0)
  }
  await files.close()
  expect(next).toBe(numbers.length)
  expect(offsets.length).toBe(2)
  expect(offsets[1]! % (64 * columns)).toBe(0)
})
