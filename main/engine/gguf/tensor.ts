/** Reads tensors of GGUF files, a piece at a time. */
import { closeSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from '../../messages/error.ts'
import { reasonOf } from '../../messages/reason.ts'
import type { Dtype } from '../checkpoint/dtype.ts'
import type { WrittenDtype } from '../checkpoint/open-checkpoint.ts'
import { type Piece, pieceRows, type StoredPiece } from '../checkpoint/tensor-stream.ts'
import { dequantize } from './blocks.ts'
import type { GgufTensor } from './header.ts'
import { bytesOf, type GgufType, TENSOR } from './types.ts'

/** The dtype of a tensor's numbers once its blocks are dequantised. */
export function dtypeOf(type: GgufType): Dtype {
  return type === 'F16' || type === 'BF16' ? type : 'F32'
}

/** The dtype of a tensor in a folder of Hugging Face layout: its own, and for blocks F16, which holds as much. */
export function writtenDtype(type: GgufType): WrittenDtype {
  return type === 'F32' || type === 'BF16' ? type : 'F16'
}

/** Open files, by their paths. */
export class GgufFiles {
  readonly #handles = new Map<string, FileHandle>()

  /** @throws UserError if a file cannot be opened. */
  static async open(files: readonly string[]): Promise<GgufFiles> {
    const opened = new GgufFiles()
    try {
      for (const file of files) opened.#handles.set(file, await open(file, 'r'))
    } catch (error) {
      await opened.close()
      throw new UserError('fileUnreadable', { file: files[opened.#handles.size]!, reason: reasonOf(error) })
    }
    return opened
  }

  /** Reads a tensor's bytes from `from` on, filling `into`. @throws UserError if the file became shorter. */
  async read({ file, begin }: GgufTensor, from: number, into: Uint8Array): Promise<void> {
    const handle = this.#handles.get(file)!
    for (let at = 0; at < into.length; ) {
      // One call reads less than 2 GiB.
      const length = Math.min(into.length - at, 1 << 30)
      const { bytesRead } = await handle.read(into, at, length, begin + from + at)
      if (bytesRead === 0) throw new UserError('safetensorsShrank', { file })
      at += bytesRead
    }
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle.close()
  }
}

/**
 * A tensor from front to back, as its file holds it. llama.cpp pairs the numbers of a head that rotate together, 0 with 1,
 * where a checkpoint has them half a head apart. `headDim` is given for such a matrix; its rows then come in the
 * checkpoint's order.
 */
export async function* storedPieces(
  files: GgufFiles,
  tensor: GgufTensor,
  headDim: number | null,
): AsyncGenerator<StoredPiece> {
  const { type, shape, begin, end } = tensor
  const [rows, ...rest] = shape as [number, ...number[]]
  const columns = rest.reduce((product, n) => product * n, 1)
  const length = bytesOf(type, rowsOfPiece(shape, headDim) * columns)
  const rowBytes = (end - begin) / rows
  const buffers = [new Uint8Array(length), new Uint8Array(length)]
  const paired = headDim === null ? null : new Uint8Array(length)
  for (let at = 0, turn = 0; at < end - begin; at += length, turn++) {
    const bytes = buffers[turn % 2]!.subarray(0, Math.min(length, end - begin - at))
    if (paired === null || headDim === null) await files.read(tensor, at, bytes)
    else {
      const read = paired.subarray(0, bytes.length)
      await files.read(tensor, at, read)
      unpair(read, bytes, rowBytes, headDim)
    }
    yield { offset: (at / length) * rowsOfPiece(shape, headDim) * columns, type, bytes }
  }
}

/** The same as numbers: those of blocks in float32, others in the dtype of the file. */
export async function* pieces(stored: AsyncIterable<StoredPiece>): AsyncGenerator<Piece> {
  const buffers: (Float32Array<ArrayBuffer> | undefined)[] = []
  let turn = 0
  for await (const { offset, type, bytes } of stored) {
    const dtype = dtypeOf(type)
    if (dtype === type) {
      yield { offset, dtype, bytes }
      continue
    }
    const count = (bytes.length / TENSOR[type].bytes) * TENSOR[type].numbers
    // Two buffers, so that one can be filled while the other is still in use. The first piece is the largest.
    buffers[turn % 2] ??= new Float32Array(count)
    const numbers = buffers[turn++ % 2]!.subarray(0, count)
    dequantize(type, bytes, numbers)
    yield { offset, dtype, bytes: new Uint8Array(numbers.buffer, 0, numbers.byteLength) }
  }
}

/** The numbers of a small tensor in F32. @throws UserError if the file became shorter. */
export function readNumbers({ file, begin, end }: GgufTensor): Float32Array {
  const bytes = new Uint8Array(end - begin)
  const handle = openSync(file, 'r')
  try {
    if (readSync(handle, bytes, 0, bytes.length, begin) < bytes.length)
      throw new UserError('safetensorsShrank', { file })
  } finally {
    closeSync(handle)
  }
  return new Float32Array(bytes.buffer)
}

/** Rows in a piece: as in pieceRows, and whole heads. */
function rowsOfPiece(shape: readonly number[], headDim: number | null): number {
  const rows = pieceRows(shape)
  if (headDim === null || rows === shape[0]) return rows
  const step = leastCommonMultiple(64, headDim)
  return Math.min(shape[0]!, Math.max(step, Math.floor(rows / step) * step))
}

function leastCommonMultiple(a: number, b: number): number {
  for (let multiple = a; ; multiple += a) if (multiple % b === 0) return multiple
}

/** Puts the rows of whole heads into the order of a checkpoint: first those with even places, then those with odd ones. */
function unpair(from: Uint8Array, into: Uint8Array, rowBytes: number, headDim: number): void {
  const half = headDim / 2
  for (let row = 0; row < from.length / rowBytes; row++) {
    const place = row % headDim
    const to = row - place + (place % 2) * half + Math.floor(place / 2)
    into.set(from.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes)
  }
}
