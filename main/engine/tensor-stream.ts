/** Tensors that are read a piece at a time, so that a model is never in memory twice. */

import type { Dtype } from './dtype.ts'
import type { Tensors } from './engine.ts'

/** Some of a tensor's numbers, in order. */
export interface Piece {
  /** Place of the first, counted in numbers. */
  readonly offset: number
  readonly dtype: Dtype
  /** Valid until the piece after the next one is asked for. */
  readonly bytes: Uint8Array
}

export interface TensorStream {
  /** Where a tensor comes from, for messages. */
  readonly fileOf: (name: string) => string
  /** A tensor from front to back; all pieces but the last are of whole rows and a multiple of 64 numbers. */
  pieces(name: string): AsyncIterable<Piece>
}

/** About so many numbers are in a piece. */
const PIECE = 2 ** 22

/** Rows of a piece of a tensor: a multiple of 64, unless the tensor has fewer. */
export function pieceRows(shape: readonly number[]): number {
  const [rows = 1, ...rest] = shape
  const columns = rest.reduce((product, n) => product * n, 1)
  return Math.min(rows, Math.max(64, Math.floor(PIECE / columns / 64) * 64))
}

/** Tensors that are in memory already. */
export function streamTensors(tensors: Tensors): TensorStream {
  return {
    fileOf: () => 'the given tensors',
    async *pieces(name) {
      const tensor = tensors.get(name)
      if (tensor === undefined) throw new Error(`tensor '${name}' is missing`)
      const { data } = tensor
      yield { offset: 0, dtype: 'F32', bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
    },
  }
}
