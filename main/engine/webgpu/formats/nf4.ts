/**
 * Matrices of NF4 with double quantisation. Each tensor of a matrix is quantised by itself, so its numbers are those that
 * bitsandbytes gives it.
 */
import type { Matrix, MatrixPart, WeightFormat } from '../matrix.ts'
import {
  DYNAMIC_MAP,
  NESTED_BLOCK,
  NF4_BLOCK,
  NF4_LEVELS,
  nestedMagnitude,
  nf4Code,
  quantizeMagnitudes,
} from './nf4-numbers.ts'
import { rowUploads, wordUpload } from './pieces.ts'

/** The most tensors of a matrix: q, k and v. */
const TENSORS = 3

/**
 * A part's array begins with a head: the first words of absmax, of the nested magnitudes and of the map; a zero; the first
 * rows of the second and third tensor, and two spare words. Then follow four words for each tensor: what is added to a row of
 * the part to get the tensor's row, to a block of the tensor to get the part's, to a nested block likewise, and the mean of the
 * magnitudes. Sums wrap around. Behind the head are the codes, eight a word, the first of a byte in its high half; rows begin on a word.
 */
const HEAD_WORDS = 8 + 4 * TENSORS

interface Places {
  readonly codes: number
  readonly absmax: number
  readonly nested: number
  readonly map: number
  readonly words: number
}

const rowWords = (columns: number) => Math.ceil(columns / 8)

/** Where what begins in a part. A tensor may begin within a part's block, so there is room for a block more each. */
function placesOf(rows: number, columns: number): Places {
  const blocks = Math.ceil((rows * columns) / NF4_BLOCK) + TENSORS
  const codes = HEAD_WORDS
  const absmax = codes + rows * rowWords(columns)
  const nested = absmax + Math.ceil(blocks / 4)
  const map = nested + Math.ceil(blocks / NESTED_BLOCK) + TENSORS
  return { codes, absmax, nested, map, words: map + DYNAMIC_MAP.length }
}

/** Where the code of a column lies in its word. */
const shiftOf = (column: number) => 4 * (column & 7) + (column % 2 === 0 ? 4 : -4)

export const NF4: WeightFormat = {
  name: 'nf4',
  arrays: { weight: 'array<u32>' },
  code: `
// A table that is indexed at run time is fast in workgroup memory.
const NF4_LEVELS = array<f32, 16>(${[...NF4_LEVELS].map((level) => level.toPrecision(9)).join(', ')});
var<workgroup> nf4_levels: array<f32, 16>;
fn weights_start(lane: u32) {
  var levels = NF4_LEVELS;
  if (lane < 16u) { nf4_levels[lane] = levels[lane]; }
  workgroupBarrier();
}
fn weight_raw4(row: u32, column: u32) -> vec4<f32> {
  let word = weight[${HEAD_WORDS}u + row * ((params.weight_columns + 7u) / 8u) + column / 8u] >> (16u * (column / 4u % 2u));
  return vec4<f32>(
    nf4_levels[(word >> 4u) & 15u], nf4_levels[word & 15u], nf4_levels[(word >> 12u) & 15u], nf4_levels[(word >> 8u) & 15u],
  );
}
fn weight_magnitude(tensor: u32, block: u32) -> f32 {
  let own = block + weight[tensor + 1u];
  let byte = (weight[weight[0] + own / 4u] >> (8u * (own % 4u))) & 255u;
  let nested = weight[weight[1] + block / ${NESTED_BLOCK}u + weight[tensor + 2u]];
  let difference = bitcast<f32>(weight[weight[2] + byte]) * bitcast<f32>(nested);
  // The zero keeps a compiler from fusing product and sum, which would round once instead of twice.
  return bitcast<f32>(bitcast<u32>(difference) | weight[3]) + bitcast<f32>(weight[tensor + 3u]);
}
fn weight_tensor(row: u32) -> u32 {
  return 8u + select(0u, 4u, row >= weight[4]) + select(0u, 4u, row >= weight[5]);
}
fn weight_scale(row: u32, column: u32) -> f32 {
  let tensor = weight_tensor(row);
  return weight_magnitude(tensor, ((row + weight[tensor]) * params.weight_columns + column) / ${NF4_BLOCK}u);
}
fn weight4(row: u32, column: u32) -> vec4<f32> {
  let raw = weight_raw4(row, column);
  if (params.weight_columns % 4u == 0u) { return raw * weight_scale(row, column); }
  // A block may end among the four.
  let tensor = weight_tensor(row);
  let at = (row + weight[tensor]) * params.weight_columns + column;
  let block = at / ${NF4_BLOCK}u;
  let first = weight_magnitude(tensor, block);
  let second = weight_magnitude(tensor, block + 1u);
  let own = vec4<u32>(at, at + 1u, at + 2u, at + 3u) / ${NF4_BLOCK}u == vec4<u32>(block);
  return raw * select(vec4<f32>(second), vec4<f32>(first), own);
}`,
  bytes: (rows, columns) => ({ weight: 4 * placesOf(rows, columns).words }),
  rowMultiple: () => 4,
  encoder: (matrix) => {
    const { columns } = matrix
    const tensors = tensorsOf(matrix).map((tensor) => ({
      ...tensor,
      magnitudes: new Float32Array(Math.ceil((tensor.rows * columns) / NF4_BLOCK)),
    }))
    let row = 0
    let ended = 0
    return {
      add(numbers) {
        const end = row + numbers.length / columns
        const words = new Uint32Array((end - row) * rowWords(columns))
        for (const { firstRow, rows, magnitudes } of tensors) {
          const from = Math.max(row, firstRow)
          const to = Math.min(end, firstRow + rows)
          if (from >= to) continue
          const begin = (from - firstRow) * columns
          if (begin % NF4_BLOCK !== 0) throw new RangeError('A piece of an NF4 matrix begins within a block.')
          const own = numbers.subarray((from - row) * columns, (to - row) * columns)
          encode(own, columns, words.subarray((from - row) * rowWords(columns)), magnitudes.subarray(begin / NF4_BLOCK))
        }
        const uploads = codeUploads(matrix, row, words)
        row = end
        return uploads
      },
      end: () => {
        if (++ended < tensors.length) return []
        const quantized = tensors.map(({ magnitudes, ...tensor }) => ({ ...tensor, ...quantizeMagnitudes(magnitudes) }))
        return matrix.parts.flatMap((part) => magnitudeUploads(part, columns, quantized))
      },
    }
  },
  decode: (rows, columns, { weight }) => {
    const words = new Uint32Array(weight!)
    const floats = new Float32Array(weight!)
    const { codes, absmax, nested } = placesOf(rows, columns)
    const bytes = new Uint8Array(weight!, 4 * absmax)
    const numbers = new Float32Array(rows * columns)
    for (let row = 0; row < rows; row++) {
      const tensor = 8 + (row >= words[4]! ? 4 : 0) + (row >= words[5]! ? 4 : 0)
      const first = ((row + words[tensor]!) % 2 ** 32) * columns
      for (let column = 0; column < columns; column++) {
        const block = Math.floor((first + column) / NF4_BLOCK)
        const magnitude = nestedMagnitude(
          bytes[(block + words[tensor + 1]!) % 2 ** 32]!,
          floats[nested + ((Math.floor(block / NESTED_BLOCK) + words[tensor + 2]!) % 2 ** 32)]!,
          floats[tensor + 3]!,
        )
        const code = (words[codes + row * rowWords(columns) + (column >> 3)]! >>> shiftOf(column)) & 15
        numbers[row * columns + column] = NF4_LEVELS[code]! * magnitude
      }
    }
    return numbers
  },
}

interface TensorRows {
  readonly firstRow: number
  readonly rows: number
}

function tensorsOf({ tensors }: Matrix): TensorRows[] {
  return tensors.map((rows, t) => ({ firstRow: tensors.slice(0, t).reduce((sum, count) => sum + count, 0), rows }))
}

/** Writes the codes of whole rows of a tensor from a block's beginning on, and the magnitudes of their blocks. */
function encode(numbers: Float32Array, columns: number, words: Uint32Array, magnitudes: Float32Array): void {
  let row = 0
  let column = 0
  for (let at = 0; at < numbers.length; at += NF4_BLOCK) {
    const end = Math.min(at + NF4_BLOCK, numbers.length)
    let largest = 0
    for (let i = at; i < end; i++) largest = Math.max(largest, Math.abs(numbers[i]!))
    magnitudes[at / NF4_BLOCK] = largest
    const inverse = largest > 0 ? Math.fround(1 / largest) : 0
    for (let i = at; i < end; i++) {
      words[row * rowWords(columns) + (column >> 3)]! |= nf4Code(Math.fround(numbers[i]! * inverse)) << shiftOf(column)
      if (++column < columns) continue
      column = 0
      row++
    }
  }
}

/** Codes lie behind the head of each part. */
function codeUploads(matrix: Matrix, firstRow: number, words: Uint32Array<ArrayBuffer>) {
  return rowUploads(matrix, 'weight', rowWords(matrix.columns), firstRow, words).map(({ view, data }) => ({
    view: { ...view, offset: view.offset + 4 * HEAD_WORDS },
    data,
  }))
}

/** A part's head, magnitudes and map. */
function magnitudeUploads(
  part: MatrixPart,
  columns: number,
  tensors: readonly (TensorRows & ReturnType<typeof quantizeMagnitudes>)[],
) {
  const places = placesOf(part.rows, columns)
  const head = new Uint32Array(HEAD_WORDS)
  head.set([places.absmax, places.nested, places.map, 0, 2 ** 32 - 1, 2 ** 32 - 1])
  const means = new Float32Array(head.buffer)
  const tail = new Uint32Array(places.words - places.absmax)
  const absmax = new Uint8Array(tail.buffer)
  const floats = new Float32Array(tail.buffer)
  floats.set(DYNAMIC_MAP, places.map - places.absmax)
  let block = 0
  let nested = 0
  for (const [t, tensor] of tensors.entries()) {
    const from = Math.max(tensor.firstRow, part.firstRow)
    const to = Math.min(tensor.firstRow + tensor.rows, part.firstRow + part.rows)
    if (t > 0) head[3 + t] = Math.max(0, Math.min(tensor.firstRow - part.firstRow, part.rows))
    if (from >= to) continue
    const firstBlock = Math.floor(((from - tensor.firstRow) * columns) / NF4_BLOCK)
    const endBlock = Math.ceil(((to - tensor.firstRow) * columns) / NF4_BLOCK)
    const firstNested = Math.floor(firstBlock / NESTED_BLOCK)
    const endNested = Math.ceil(endBlock / NESTED_BLOCK)
    absmax.set(tensor.absmax.subarray(firstBlock, endBlock), block)
    floats.set(tensor.nestedAbsmax.subarray(firstNested, endNested), places.nested - places.absmax + nested)
    // Unsigned words: these sums wrap around on the card.
    head.set([part.firstRow - tensor.firstRow, block - firstBlock, nested - firstNested], 8 + 4 * t)
    means[8 + 4 * t + 3] = tensor.offset
    block += endBlock - firstBlock
    nested += endNested - firstNested
  }
  return [wordUpload(part, 'weight', 0, head), wordUpload(part, 'weight', places.absmax, tail)]
}
