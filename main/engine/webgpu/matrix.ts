/**
 * A matrix of the base model on the card, and the seam of its number formats. A product kernel takes a format as a parameter:
 * bindings, and WGSL that reads four numbers of a row.
 */
import { type Memory, type View, whole } from './memory.ts'
import type { Upload } from './program.ts'

/** How a matrix [rows, columns] lies in memory. */
export interface WeightFormat {
  readonly name: string
  /** The arrays of a matrix with their WGSL types, by the name of their binding. They are bound as `read`. */
  readonly arrays: Readonly<Record<string, string>>
  /**
   * WGSL with `fn weight4(row: u32, column: u32) -> vec4<f32>`: four numbers of a row of the part that is bound, from a column
   * on that is a multiple of four. `params.weight_columns` is the number of columns. Numbers behind the last column, and rows
   * behind the last, may be any finite numbers. All threads call `fn weights_start(lane: u32)` first.
   */
  readonly code: string
  /** Bytes of each array for a part of so many rows. */
  bytes(rows: number, columns: number): Readonly<Record<string, number>>
  /** All parts but the last have a multiple of so many rows, and so a multiple of four. */
  rowMultiple(columns: number): number
  /** Turns a matrix's rows, tensor by tensor in order, into what is written. */
  encoder(matrix: Matrix): Encoder
  /** The numbers of a part, row-major, from the bytes of its arrays. */
  decode(rows: number, columns: number, arrays: Readonly<Record<string, ArrayBuffer>>): Float32Array<ArrayBuffer>
}

export interface Encoder {
  /** Takes the next numbers of a tensor: whole rows. */
  add(numbers: Float32Array): Upload[]
  /** Called after the last row of each tensor. */
  end(): Upload[]
}

/** Rows that lie in buffers of their own, since a buffer has a limit. */
export interface MatrixPart {
  readonly firstRow: number
  readonly rows: number
  /** Rows of the arrays before the first. */
  readonly skip: number
  readonly arrays: Readonly<Record<string, View>>
}

export interface Matrix {
  readonly label: string
  readonly rows: number
  readonly columns: number
  /** The rows of each tensor of the checkpoint that it is made of, in order. */
  readonly tensors: readonly number[]
  readonly format: WeightFormat
  readonly parts: readonly MatrixPart[]
}

/** Some rows of a matrix. The first is a multiple of four. */
export function rowsOf(matrix: Matrix, from: number, to: number): Matrix {
  const parts = matrix.parts.flatMap((part): MatrixPart[] => {
    const first = Math.max(from, part.firstRow)
    const rows = Math.min(to, part.firstRow + part.rows) - first
    if (rows <= 0) return []
    return [{ firstRow: first - from, rows, skip: part.skip + first - part.firstRow, arrays: part.arrays }]
  })
  return { ...matrix, rows: to - from, tensors: [to - from], parts }
}

/**
 * A matrix of tensors that lie below each other, in as few parts as buffers of `limit` bytes allow. Its memories have no
 * buffers yet.
 */
export function planMatrix(
  label: string,
  format: WeightFormat,
  tensors: readonly number[],
  columns: number,
  limit: number,
): Matrix {
  const rows = tensors.reduce((sum, count) => sum + count, 0)
  const multiple = format.rowMultiple(columns)
  const largest = (count: number) => Math.max(...Object.values(format.bytes(count, columns)))
  if (largest(multiple) > limit) throw new RangeError(`${label}: ${multiple} rows do not fit into ${limit} bytes.`)
  let step = rows
  while (largest(step) > limit) step = Math.max(multiple, Math.floor(step / 2 / multiple) * multiple)
  const parts: MatrixPart[] = []
  for (let firstRow = 0; firstRow < rows; firstRow += step) {
    const count = Math.min(step, rows - firstRow)
    const arrays = Object.entries(format.bytes(count, columns)).map(([name, bytes]): [string, View] => {
      const memory: Memory = { label: `${label} ${name} ${firstRow}`, bytes, buffer: null }
      return [name, whole(memory)]
    })
    parts.push({ firstRow, rows: count, skip: 0, arrays: Object.fromEntries(arrays) })
  }
  return { label, rows, columns, tensors, format, parts }
}

/** All memories of a matrix. */
export function memoriesOf(matrix: Matrix): Memory[] {
  return matrix.parts.flatMap(({ arrays }) => Object.values(arrays).map(({ memory }) => memory))
}

/** The bindings of a format's arrays in a kernel. */
export function weightBindings(format: WeightFormat): Record<string, `read ${string}`> {
  return Object.fromEntries(Object.entries(format.arrays).map(([name, type]) => [name, `read ${type}` as const]))
}

/** Floats as they are, each row from a multiple of four numbers on. */
export const F32: WeightFormat = {
  name: 'f32',
  arrays: { weight: 'array<vec4<f32>>' },
  code: `
fn weights_start(lane: u32) {}
fn weight4(row: u32, column: u32) -> vec4<f32> {
  return weight[row * ((params.weight_columns + 3u) / 4u) + column / 4u];
}`,
  bytes: (rows, columns) => ({ weight: 4 * rows * padded(columns) }),
  rowMultiple: () => 4,
  encoder: ({ columns, parts }) => {
    const stride = padded(columns)
    let row = 0
    return {
      add(numbers) {
        const uploads: Upload[] = []
        const end = row + numbers.length / columns
        const first = row
        for (const { firstRow, rows, arrays } of parts) {
          const from = Math.max(first, firstRow)
          const to = Math.min(end, firstRow + rows)
          if (from >= to) continue
          const { memory, offset } = arrays.weight!
          const bytes = 4 * stride * (to - from)
          const view = { memory, offset: offset + 4 * stride * (from - firstRow), bytes }
          uploads.push({ view, data: stretch(numbers, from - first, to - first, columns) })
        }
        row = end
        return uploads
      },
      end: () => [],
    }
  },
  decode: (rows, columns, { weight }) => {
    const stretched = new Float32Array(weight!)
    const stride = padded(columns)
    if (stride === columns) return stretched.subarray(0, rows * columns)
    const numbers = new Float32Array(rows * columns)
    for (let row = 0; row < rows; row++) {
      numbers.set(stretched.subarray(row * stride, row * stride + columns), row * columns)
    }
    return numbers
  },
}

/** The next multiple of four. */
export function padded(columns: number): number {
  return Math.ceil(columns / 4) * 4
}

/** Rows of a matrix, each filled with zeros up to a multiple of four numbers. */
export function stretch(numbers: Float32Array, from: number, to: number, columns: number): Float32Array<ArrayBuffer> {
  const stride = padded(columns)
  if (stride === columns) return numbers.slice(from * columns, to * columns)
  const stretched = new Float32Array((to - from) * stride)
  for (let row = from; row < to; row++) {
    stretched.set(numbers.subarray(row * columns, (row + 1) * columns), (row - from) * stride)
  }
  return stretched
}
