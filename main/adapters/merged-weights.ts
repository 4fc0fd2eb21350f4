/** The weights of a base model with an adapter merged in: every adapted W becomes W + scale · B A. */
import { type Adapter, loadAdapter } from '../engine/adapter/adapter.ts'
import { weightsFile } from '../engine/adapter/identity.ts'
import { checkFinite } from '../engine/checkpoint/check-tensors.ts'
import { openCheckpoint } from '../engine/checkpoint/checkpoint.ts'
import { widen } from '../engine/checkpoint/dtype.ts'
import type { OpenCheckpoint } from '../engine/checkpoint/open-checkpoint.ts'
import { byteLength, type Entry, openSafetensors } from '../engine/checkpoint/safetensors.ts'
import { type Piece, pieceRows } from '../engine/checkpoint/tensor-stream.ts'
import { loraScale, loraTensors } from '../engine/weights.ts'
import type { Message } from '../messages/message.ts'

export interface MergedWeights {
  readonly checkpoint: OpenCheckpoint
  readonly adapter: Adapter
  /**
   * A merged tensor from front to back, by the checkpoint's names. What the adapter changes is float32, not rounded; the
   * rest has the dtype of its file.
   */
  pieces(name: string): AsyncIterable<Piece>
}

export interface WriteOptions {
  /** Called with the numbers of tensors written so far and in all. */
  readonly onProgress?: (done: number, total: number) => void
  /** Hears what is odd about the adapter, the base model or the result. */
  readonly warn?: (told: Message) => void
  /** Aborted to stop. What was written is then removed. */
  readonly signal?: AbortSignal
}

/**
 * Opens a base model and an adapter for it, and gives them to `use`. Weights are read in pieces, never whole.
 * @throws UserError where either is unusable or they do not fit together, a number is not finite, and what `use` throws.
 */
export async function usingMerged<Result>(
  base: string,
  adapterFolder: string,
  { warn = () => {}, signal }: WriteOptions,
  use: (merged: MergedWeights) => Promise<Result>,
): Promise<Result> {
  const checkpoint = await openCheckpoint(base)
  try {
    for (const note of checkpoint.notes) warn(note)
    const saved = new Map<string, Entry>()
    const adapter = await loadAdapter(adapterFolder, checkpoint.config, {
      base: { name: base, folder: base },
      warn,
      takeSaved: (name, entry) => saved.set(name, entry),
    })
    return await use({
      checkpoint,
      adapter,
      async *pieces(name) {
        const trained = saved.get(name)
        const from = trained === undefined ? checkpoint.pieces(name) : savedPieces(adapterFolder, trained)
        for await (const piece of mergedPieces(from, adapter, name)) {
          signal?.throwIfAborted()
          checkFinite(name, { shape: [], data: widen(piece.bytes, piece.dtype) }, checkpoint.fileOf)
          yield piece
        }
      },
    })
  } finally {
    await checkpoint.close()
  }
}

/** The pieces of a tensor, with the adapter's addition to it. */
async function* mergedPieces(from: AsyncIterable<Piece>, { lora, tensors }: Adapter, name: string) {
  const module = name.replace(/\.weight$/, '')
  const [a, b] = loraTensors(module).map((tensor) => tensors.get(tensor))
  if (a === undefined || b === undefined) {
    yield* from
    return
  }
  const scale = loraScale(lora, module)
  const [r = 0, columns = 0] = a.shape
  for await (const { offset, dtype, bytes } of from) {
    const weights = widen(bytes, dtype)
    const first = offset / columns
    for (let row = 0; row < weights.length / columns; row++) {
      for (let k = 0; k < r; k++) {
        const factor = scale * b.data[(first + row) * r + k]!
        const from = k * columns
        const to = row * columns
        for (let column = 0; column < columns; column++) weights[to + column]! += factor * a.data[from + column]!
      }
    }
    yield {
      offset,
      dtype: 'F32',
      bytes: new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength),
    } as const
  }
}

/** A weight that the adapter's file holds. */
async function* savedPieces(adapterFolder: string, entry: Entry): AsyncGenerator<Piece> {
  const file = await openSafetensors(weightsFile(adapterFolder))
  try {
    const [rows, width] = [pieceRows(entry.shape), byteLength(entry.dtype, entry.shape.slice(1))]
    for (let row = 0; row < entry.shape[0]!; row += rows) {
      const bytes = new Uint8Array(Math.min(rows, entry.shape[0]! - row) * width)
      await file.read(entry, row * width, bytes)
      const offset = (row * width) / byteLength(entry.dtype, [])
      const data = widen(bytes, entry.dtype)
      checkFinite(entry.name, { shape: entry.shape, data }, () => file.file)
      yield { offset, dtype: entry.dtype, bytes }
    }
  } finally {
    await file.close()
  }
}
