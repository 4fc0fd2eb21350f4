import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GgufEntry, type GgufParts, ggufBytes } from '../../../testing/gguf-file.ts'
import { tinyGguf } from '../../../testing/tiny-gguf.ts'
import { UserError } from '../../messages/error.ts'
import { arrayOf, beginsAsGguf, readGgufHeader, type ValueArray } from './header.ts'

let room: string
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'gguf-header-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

function written(bytes: Uint8Array): string {
  const file = join(room, 'model.gguf')
  writeFileSync(file, bytes)
  return file
}

const one: GgufEntry = { name: 'a', type: 'F32', shape: [2, 4], bytes: new Uint8Array(32) }

it('reads values of every type, and where tensors are', () => {
  const file = written(
    ggufBytes({
      values: [
        ['u8', { uint8: 200 }],
        ['i8', { int8: -3 }],
        ['u16', { uint16: 60_000 }],
        ['i16', { int16: -300 }],
        ['u32', { uint32: 4_000_000_000 }],
        ['i32', { int32: -70_000 }],
        ['f32', { float32: 0.5 }],
        ['yes', { bool: 1 }],
        ['text', { string: 'Grüße' }],
        ['u64', { uint64: 2 ** 40 }],
        ['i64', { int64: -(2 ** 40) }],
        ['f64', { float64: 0.1 }],
        ['texts', { array: 'string', of: ['', 'b'] }],
        ['numbers', { array: 'int32', of: [7, -7] }],
      ],
      tensors: [one, { name: 'b', type: 'Q8_0', shape: [64], bytes: new Uint8Array(68) }],
    }),
  )
  const { metadata, tensors } = readGgufHeader(file)
  expect(Object.fromEntries([...metadata].slice(0, 12))).toEqual({
    u8: 200,
    i8: -3,
    u16: 60_000,
    i16: -300,
    u32: 4_000_000_000,
    i32: -70_000,
    f32: 0.5,
    yes: true,
    text: 'Grüße',
    u64: 2 ** 40,
    i64: -(2 ** 40),
    f64: 0.1,
  })
  expect(arrayOf(file, metadata.get('texts') as ValueArray)).toEqual(['', 'b'])
  expect(arrayOf(file, metadata.get('numbers') as ValueArray)).toEqual([7, -7])
  const [a, b] = [tensors.get('a')!, tensors.get('b')!]
  expect(a).toMatchObject({ type: 'F32', shape: [2, 4], file })
  expect([a.begin % 32, a.end - a.begin, b.begin - a.end, b.end - b.begin]).toEqual([0, 32, 0, 68])
})

it('knows files by their first bytes', () => {
  expect(beginsAsGguf(written(ggufBytes({ values: [] })))).toBe(true)
  expect(beginsAsGguf(written(Buffer.from('GGU')))).toBe(false)
  expect(beginsAsGguf(join(room, 'missing'))).toBe(false)
  expect(beginsAsGguf(room)).toBe(false)
})

it('takes an alignment of the file', () => {
  const parts: GgufParts = { values: [['general.alignment', { uint32: 64 }]], tensors: [one], alignment: 64 }
  expect(readGgufHeader(written(ggufBytes(parts))).tensors.get('a')!.begin % 64).toBe(0)
})

const HUGE = 2n ** 60n

describe('a file that lies gets one sentence', () => {
  const lies: [what: string, file: Uint8Array | GgufParts, told: RegExp][] = [
    ['another format', Buffer.from('{"a": 1} and more'), /does not begin with "GGUF"/],
    ['nothing', new Uint8Array(), /does not begin with "GGUF"/],
    ['version 1', { values: [], version: 1 }, /version 1; this lab reads versions 2 and 3/],
    ['big-endian', { values: [], version: 0x03000000 }, /big-endian/],
    ['a count of values', { values: [], counts: [0n, HUGE] }, /its header does not end within its 32 bytes/],
    [
      'a count of tensors',
      { values: [], tensors: [one], counts: [HUGE, 0n] },
      /damaged: the tensor "" has 0 dimensions/,
    ],
    ['a text of 2^60 bytes', longText(HUGE), /is cut off or damaged/],
    ['an array of 2^60 numbers', longArray(HUGE), /is cut off or damaged/],
    ['a key twice', { values: [key('a'), key('a')] }, /damaged: it has the key a twice/],
    [
      'a key of thousands',
      { values: [key('a\n'.repeat(9e3)), key('a\n'.repeat(9e3))] },
      /the key (a ){40}\.\.\. twice/,
    ],
    ['a long name', tensor({ name: 'a'.repeat(65) }), /the name at byte 24 of its header is too long/],
    ['a tensor twice', { values: [], tensors: [one, one] }, /damaged: it has the tensor a twice/],
    ['a type of value', patched(valueType, 77), /damaged: k has the type 77, which GGUF does not have/],
    [
      'an array of arrays',
      { values: [['k', { array: 'array', of: [] }]] },
      /k has the type 9, which GGUF does not have/,
    ],
    ['a type of tensor', tensor({ type: 77 }), /damaged: a has the type 77, which ggml does not have/],
    ['a type that is not read', tensor({ type: 23 }), /a is of type IQ4_XS, which this lab does not read; use .* Q4_K/],
    ['no dimension', tensor({ shape: [] }), /damaged: the tensor "a" has 0 dimensions/],
    ['five dimensions', tensor({ shape: [1, 1, 1, 1, 8] }), /the tensor "a" has 5 dimensions/],
    ['a huge tensor', tensor({ shape: [HUGE, 8] }), /a is \[1152921504606847000, 8\], more than any file can hold/],
    ['a broken row', tensor({ type: 'Q4_0', shape: [2, 40] }), /a have 40 numbers, .* whole blocks of Q4_0 \(32\)/],
    ['a place between', tensor({ offset: 8 }), /damaged: a begins at 8, which is no multiple of 32/],
    ['a place beyond', tensor({ offset: 2n ** 40n }), /cut off: a ends at byte \d+, the file has \d+/],
    ['a longer tensor', tensor({ shape: [3, 4] }), /cut off: a ends at byte/],
    ['an overlap', { values: [], tensors: [one, { ...one, name: 'b', offset: 0 }] }, /damaged: b and a overlap/],
    ['an alignment', { values: [['general.alignment', { uint32: 24 }]] }, /alignment is 24, which is no power of two/],
    ['an alignment of 0', { values: [['general.alignment', { uint32: 0 }]] }, /alignment is 0, which/],
  ]
  it.each(lies)('%s', (_, lie, told) => {
    const file = written(lie instanceof Uint8Array ? lie : ggufBytes(lie))
    expect(() => readGgufHeader(file)).toThrow(UserError)
    expect(() => readGgufHeader(file)).toThrow(told)
    expect(() => readGgufHeader(file)).toThrow(file)
  })
})

it('a file that is cut off anywhere gets one sentence', () => {
  const bytes = tinyGguf()
  // Every place among the first values, then some among the tokens, the tensors' entries, and the tensors.
  const step = (length: number) => (length < 200 ? 1 : length < 20_000 ? 397 : 100_003)
  for (let length = 0; length < bytes.length; length += step(length)) {
    const file = written(bytes.subarray(0, length))
    expect(() => readGgufHeader(file), `${length} bytes`).toThrow(UserError)
  }
})

it('a folder and a missing file cannot be read', () => {
  expect(() => readGgufHeader(room)).toThrow(UserError)
  expect(() => readGgufHeader(join(room, 'missing.gguf'))).toThrow(/missing\.gguf cannot be read/)
})

function key(name: string): [string, { uint8: number }] {
  return [name, { uint8: 1 }]
}

function tensor(changes: Partial<GgufEntry>): GgufParts {
  return { values: [], tensors: [{ ...one, ...changes }] }
}

/** The place of the value's type after magic, version, counts, and a key of one letter. */
const valueType = 24 + 9

function patched(at: number, type: number): Buffer {
  const bytes = ggufBytes({ values: [['k', { uint8: 1 }]] })
  bytes.writeUInt32LE(type, at)
  return bytes
}

function longText(length: bigint): Buffer {
  const bytes = ggufBytes({ values: [['k', { string: 'text' }]] })
  bytes.writeBigUInt64LE(length, valueType + 4)
  return bytes
}

function longArray(count: bigint): Buffer {
  const bytes = ggufBytes({ values: [['k', { array: 'uint8', of: [1] }]] })
  bytes.writeBigUInt64LE(count, valueType + 8)
  return bytes
}
