/** Matrices of 16-bit numbers, two a word: bf16, and float16. */
import { narrow } from '../../checkpoint/dtype.ts'
import type { WeightFormat } from '../matrix.ts'
import { NotFinite, rowUploads } from './pieces.ts'

/** Rows are filled up with zeros to a multiple of four numbers. */
const stride = (columns: number) => 4 * Math.ceil(columns / 4)

interface Half {
  readonly name: string
  /** WGSL that turns two words into four numbers. */
  readonly widened: string
  /** The bits of numbers, rounded to the nearest, ties to even. */
  readonly bits: (numbers: Float32Array) => Uint16Array
  /** The numbers of bits. */
  readonly numbers: (bits: Uint16Array<ArrayBuffer>) => Float32Array<ArrayBuffer>
}

function halves({ name, widened, bits, numbers: numbersOf }: Half): WeightFormat {
  return {
    name,
    arrays: { weight: 'array<vec2<u32>>' },
    code: `
fn weights_start(lane: u32) {}
fn weight4(row: u32, column: u32) -> vec4<f32> {
  let words = weight[row * ((params.weight_columns + 3u) / 4u) + column / 4u];
  return ${widened};
}`,
    bytes: (rows, columns) => ({ weight: 2 * rows * stride(columns) }),
    rowMultiple: () => 4,
    encoder: (matrix) => {
      const { columns } = matrix
      let row = 0
      return {
        add(numbers) {
          const rows = numbers.length / columns
          const narrowed = bits(numbers)
          const words = new Uint32Array((rows * stride(columns)) / 2)
          const to = new Uint16Array(words.buffer)
          for (let r = 0; r < rows; r++) {
            to.set(narrowed.subarray(r * columns, (r + 1) * columns), r * stride(columns))
          }
          row += rows
          return rowUploads(matrix, 'weight', stride(columns) / 2, row - rows, words)
        },
        end: () => [],
      }
    },
    decode: (rows, columns, { weight }) => {
      const wide = numbersOf(new Uint16Array(weight!))
      const numbers = new Float32Array(rows * columns)
      for (let row = 0; row < rows; row++) {
        numbers.set(wide.subarray(row * stride(columns), row * stride(columns) + columns), row * columns)
      }
      return numbers
    },
  }
}

export const BF16 = halves({
  name: 'bf16',
  widened:
    'bitcast<vec4<f32>>(vec4<u32>(words.x << 16u, words.x & 0xffff0000u, words.y << 16u, words.y & 0xffff0000u))',
  bits: (numbers) => new Uint16Array(narrow(numbers, 'BF16').buffer),
  numbers: (bits) => new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer),
})

/** Products unpack it with WGSL's own function, so they need no feature of the device. */
export const F16 = halves({
  name: 'f16',
  widened: 'vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y))',
  bits: (numbers) => {
    const rounded = new Float16Array(numbers)
    if (rounded.some((number) => !Number.isFinite(number))) throw new NotFinite('A weight is too large for float16.')
    return new Uint16Array(rounded.buffer)
  },
  numbers: (bits) => new Float32Array(new Float16Array(bits.buffer)),
})
