import { expect, test } from 'vitest'
import { pack, unpack } from './packet.ts'

/** What the other side gets: each array in a buffer of its own. */
function across(value: unknown): unknown {
  const { text, arrays } = pack(value)
  return unpack(
    text,
    arrays.map((bytes) => bytes.slice().buffer),
  )
}

test('a value arrives as it was sent', () => {
  const value = {
    text: 'a',
    none: null,
    list: [1, -0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    floats: Float32Array.of(1, Number.NaN, Number.NEGATIVE_INFINITY),
    wide: Float64Array.of(Math.PI),
    ints: [Int32Array.of(-1), new Uint32Array([4_000_000_000])],
    bytes: Uint8Array.of(0, 255),
    map: new Map([['x', { shape: [2, 1], data: Float32Array.of(3, 4) }]]),
    empty: new Float32Array(0),
  }
  expect(across(value)).toEqual(value)
  expect(across({ left: undefined })).toEqual({})
})

test('a part of a buffer, and one of Node’s, send only their own bytes', () => {
  const { arrays } = pack({ part: new Float32Array(8).subarray(2, 4), node: Buffer.from('abc') })
  expect(arrays.map(({ byteLength }) => byteLength)).toEqual([8, 3])
})

test('what JSON would lose without a word is refused', () => {
  expect(() => pack({ big: new BigInt64Array(1) })).toThrow('takes no BigInt64Array')
})

test('a text that names arrays which did not come is refused', () => {
  const { text } = pack({ floats: Float32Array.of(1) })
  expect(() => unpack(text, [])).toThrow('has no array Float32Array 0')
  expect(() => unpack('{"@":["Function",0]}', [new ArrayBuffer(8)])).toThrow('has no array Function 0')
})
