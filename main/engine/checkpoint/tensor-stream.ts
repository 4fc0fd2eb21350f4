/** Reads tensors a piece at a time, so that a model is never in memory twice. */

import type { Tensors } from '../engine.ts'
import type { GgufType } from '../gguf/types.ts'
import type { Dtype } from './dtype.ts'

/** A run of a tensor's numbers, in order. */
export interface Piece {
  /** Index of the first number. */
  readonly offset: number
  readonly dtype: Dtype
  /** Valid until the piece after the next one is requested. */
  readonly bytes: Uint8Array
}

/** A run of a tensor's rows in the type of a GGUF file. */
export interface StoredPiece {
  /** Index of the first number. */
  readonly offset: number
  readonly type: GgufType
  /** Whole rows. Valid until the piece after the next one is requested. */
  readonly bytes: Uint8Array
}

export interface TensorStream {
  /** The source of a tensor, for messages. */
  readonly fileOf: (name: string) => string
  /** A tensor from front to back. All pieces but the last have whole rows and a multiple of 64 numbers. */
  pieces(name: string): AsyncIterable<Piece>
  /** The same pieces in the type of the file, ggml's blocks among them. Only GGUF files have it. */
  readonly stored?: (name: string) => AsyncIterable<StoredPiece>
}

/** The approximate count of numbers in a piece. */
const PIECE = 2 ** 22

/** Rows in a piece of a tensor: a multiple of 64, or all rows if the tensor has fewer. */
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
