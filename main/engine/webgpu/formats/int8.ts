/**
 * Matrices of int8 with a scale in float16 for each 32 numbers of a row, as in llama.cpp's Q8_0. The numbers are those of
 * native/stored.cc, to the bit.
 */
import type { WeightFormat } from '../matrix.ts'
import { NotFinite, rowUploads } from './pieces.ts'

const GROUP = 32

/** Words of a row: its numbers, filled up with zeros to whole groups, then its scales. */
function rowWords(columns: number): number {
  const groups = Math.ceil(columns / GROUP)
  return groups * (GROUP / 4) + Math.ceil(groups / 2)
}

export const INT8: WeightFormat = {
  name: 'int8',
  arrays: { weight: 'array<u32>' },
  code: `
fn weights_start(lane: u32) {}
fn weight_row(row: u32) -> u32 {
  let groups = (params.weight_columns + ${GROUP - 1}u) / ${GROUP}u;
  return row * (groups * ${GROUP / 4}u + (groups + 1u) / 2u);
}
fn weight_raw4(row: u32, column: u32) -> vec4<f32> {
  let word = bitcast<i32>(weight[weight_row(row) + column / 4u]);
  return vec4<f32>((vec4<i32>(word) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
}
fn weight_scale(row: u32, column: u32) -> f32 {
  let groups = (params.weight_columns + ${GROUP - 1}u) / ${GROUP}u;
  let group_ = column / ${GROUP}u;
  let scales = unpack2x16float(weight[weight_row(row) + groups * ${GROUP / 4}u + group_ / 2u]);
  return select(scales.x, scales.y, group_ % 2u == 1u);
}
fn weight4(row: u32, column: u32) -> vec4<f32> { return weight_raw4(row, column) * weight_scale(row, column); }`,
  bytes: (rows, columns) => ({ weight: 4 * rows * rowWords(columns) }),
  rowMultiple: () => 4,
  encoder: (matrix) => {
    const { columns } = matrix
    let row = 0
    return {
      add(numbers) {
        const words = encode(numbers, columns)
        const first = row
        row += numbers.length / columns
        return rowUploads(matrix, 'weight', rowWords(columns), first, words)
      },
      end: () => [],
    }
  },
  decode: (rows, columns, { weight }) => {
    const numbers = new Float32Array(rows * columns)
    const stride = 4 * rowWords(columns)
    const scales = Math.ceil(columns / GROUP) * GROUP
    for (let row = 0; row < rows; row++) {
      const bytes = new Int8Array(weight!, row * stride, columns)
      const halves = new Float16Array(weight!, row * stride + scales, Math.ceil(columns / GROUP))
      for (let i = 0; i < columns; i++) numbers[row * columns + i] = bytes[i]! * halves[Math.floor(i / GROUP)]!
    }
    return numbers
  },
}

function encode(numbers: Float32Array, columns: number): Uint32Array<ArrayBuffer> {
  const rows = numbers.length / columns
  const stride = 4 * rowWords(columns)
  const words = new Uint32Array((rows * stride) / 4)
  for (let row = 0; row < rows; row++) {
    const bytes = new Int8Array(words.buffer, row * stride, stride)
    const halves = new Uint16Array(words.buffer, row * stride + Math.ceil(columns / GROUP) * GROUP)
    for (let from = 0; from < columns; from += GROUP) {
      const group = numbers.subarray(row * columns + from, row * columns + Math.min(from + GROUP, columns))
      let largest = 0
      for (const number of group) largest = Math.max(largest, Math.abs(number))
      const half = halfNotBelow(Math.fround(largest / 127))
      const scale = halfValue(half)
      if (!Number.isFinite(scale)) throw new NotFinite('The scale of int8 weights is not finite.')
      halves[from / GROUP] = half
      const inverse = scale > 0 ? Math.fround(1 / scale) : 0
      for (let i = 0; i < group.length; i++) {
        bytes[from + i] = Math.max(-127, Math.min(127, roundToEven(Math.fround(group[i]! * inverse))))
      }
    }
  }
  return words
}

const half = new Float16Array(1)
const halfBits = new Uint16Array(half.buffer)

function halfValue(bits: number): number {
  halfBits[0] = bits
  return half[0]!
}

/** The smallest float16 that is not below x >= 0; infinity if there is none. */
function halfNotBelow(x: number): number {
  half[0] = x
  return half[0]! < x ? halfBits[0]! + 1 : halfBits[0]!
}

function roundToEven(x: number): number {
  const below = Math.floor(x)
  if (x - below !== 0.5) return Math.round(x)
  return below % 2 === 0 ? below : below + 1
}
