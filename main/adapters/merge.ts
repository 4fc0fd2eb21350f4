/** Merges an adapter into its base model, as one checkpoint: every adapted W becomes W + scale · B A. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Adapter, loadAdapter } from '../engine/adapter.ts'
import { weightsFile } from '../engine/adapter-identity.ts'
import { openCheckpoint } from '../engine/checkpoint.ts'
import { agreedConfig } from '../engine/config-json.ts'
import { type Dtype, narrow, widen } from '../engine/dtype.ts'
import { checkFinite } from '../engine/model-file.ts'
import { keepPreTokenizer } from '../engine/pre-tokenizer.ts'
import {
  byteLength,
  type Declared,
  type Entry,
  openSafetensors,
  writeSafetensorsStream,
} from '../engine/safetensors.ts'
import { pieceRows, type TensorStream } from '../engine/tensor-stream.ts'
import { checkpointShapes, loraScale, loraTensors } from '../engine/weights.ts'
import { writeFileAtomic } from '../files/file.ts'
import { replaceFiles, settleFolder } from '../files/folder.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'

/** Most bytes of weights in a shard, as in transformers. */
const SHARD_BYTES = 5e9

/** The files of a model besides its weights. */
const BESIDE =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$|^(merges\.txt|chat_template\.jinja)$/

export interface MergeOptions {
  /** Called with the numbers of tensors written so far and in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly shardBytes?: number
  /** Hears what is odd about the adapter, the base model or the result. */
  readonly warn?: (told: Message) => void
  /** Aborted to stop. What was written of the merged model is then removed. */
  readonly signal?: AbortSignal
}

/**
 * Writes the checkpoint folder `target`, which transformers loads without PEFT: the base model's files, with every
 * weight in its original dtype. Tensors are processed in pieces, never whole. AutoTokenizer gives the base's token ids.
 * @throws UserError where base or adapter are unusable or do not fit together, or `target` is one of them or not empty;
 * the signal's reason where it was aborted.
 */
export async function mergeAdapter(
  base: string,
  adapterFolder: string,
  target: string,
  { onProgress, shardBytes = SHARD_BYTES, signal, warn = () => {} }: MergeOptions = {},
): Promise<void> {
  checkTarget(base, adapterFolder, target)
  const checkpoint = await openCheckpoint(base)
  try {
    for (const note of checkpoint.notes) warn(note)
    const saved = new Map<string, Entry>()
    const adapter = await loadAdapter(adapterFolder, checkpoint.config, {
      base: { name: base, folder: base },
      warn,
      takeSaved: (name, entry) => saved.set(name, entry),
    })
    const declared = [...checkpointShapes(checkpoint.config)].map(
      ([name, shape]): Declared => ({ name, shape, dtype: checkpoint.dtypeOf(name) }),
    )
    const shards = cutShards(declared, shardBytes)
    let done = 0
    await replaceFiles(target, async (next) => {
      for (const file of readdirSync(base)) {
        if (BESIDE.test(file)) writeFileAtomic(join(next, file), readFileSync(join(base, file)))
      }
      if (await keepPreTokenizer(next)) warn(message('mergePreTokenizer'))
      const config = join(next, 'config.json')
      writeFileAtomic(config, agreedConfig(readFileSync(config, 'utf8'), checkpoint.config))
      for (const [index, shard] of shards.entries()) {
        const pieces = async function* () {
          for (const { name } of shard) {
            const trained = saved.get(name)
            const from =
              trained === undefined ? checkpoint : savedStream(adapterFolder, trained, checkpoint.dtypeOf(name))
            for await (const piece of mergedPieces(from, adapter, name)) {
              signal?.throwIfAborted()
              yield piece
            }
            onProgress?.(++done, declared.length)
          }
        }
        await writeSafetensorsStream(join(next, shardName(index, shards.length)), shard, pieces())
      }
      if (shards.length > 1) writeFileAtomic(join(next, 'model.safetensors.index.json'), indexText(shards))
    })
  } finally {
    await checkpoint.close()
  }
}

/** Throws UserError where `target` is the base or the adapter, or exists and is not an empty folder. */
export function checkTarget(base: string, adapterFolder: string, target: string): void {
  if ([base, adapterFolder].includes(target)) {
    throw new UserError('mergeOntoInput', { folder: target })
  }
  settleFolder(target)
  if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0)) {
    throw new UserError('mergeTargetTaken', { folder: target })
  }
}

/** The bytes of a tensor, with the adapter's addition to it. */
async function* mergedPieces(from: Pick<TensorStream, 'pieces'>, { lora, tensors }: Adapter, name: string) {
  const module = name.replace(/\.weight$/, '')
  const [a, b] = loraTensors(module).map((tensor) => tensors.get(tensor))
  const scale = loraScale(lora, module)
  for await (const { offset, dtype, bytes } of from.pieces(name)) {
    if (a === undefined || b === undefined || dtype === 'U8') {
      yield bytes
      continue
    }
    const [r = 0, columns = 0] = a.shape
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
    yield narrow(weights, dtype)
  }
}

/** A weight that the adapter's file holds, in the base model's dtype. */
function savedStream(adapterFolder: string, entry: Entry, dtype: Dtype): Pick<TensorStream, 'pieces'> {
  return {
    async *pieces() {
      const file = await openSafetensors(weightsFile(adapterFolder))
      try {
        const [rows, width] = [pieceRows(entry.shape), byteLength(entry.dtype, entry.shape.slice(1))]
        for (let row = 0; row < entry.shape[0]!; row += rows) {
          const bytes = new Uint8Array(Math.min(rows, entry.shape[0]! - row) * width)
          await file.read(entry, row * width, bytes)
          const offset = (row * width) / byteLength(entry.dtype, [])
          const data = widen(bytes, entry.dtype)
          checkFinite(entry.name, { shape: entry.shape, data }, () => file.file)
          yield { offset, dtype, bytes: dtype === 'U8' ? bytes : narrow(data, dtype) }
        }
      } finally {
        await file.close()
      }
    },
  }
}

function cutShards(declared: readonly Declared[], most: number): Declared[][] {
  const shards: Declared[][] = [[]]
  let size = 0
  for (const tensor of declared) {
    const bytes = byteLength(tensor.dtype, tensor.shape)
    if (size > 0 && size + bytes > most) {
      shards.push([])
      size = 0
    }
    shards.at(-1)!.push(tensor)
    size += bytes
  }
  return shards
}

function shardName(index: number, count: number): string {
  if (count === 1) return 'model.safetensors'
  const padded = (n: number) => String(n).padStart(5, '0')
  return `model-${padded(index + 1)}-of-${padded(count)}.safetensors`
}

function indexText(shards: readonly (readonly Declared[])[]): string {
  const total_size = shards.flat().reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0)
  const weight_map = Object.fromEntries(
    shards.flatMap((shard, index) => shard.map(({ name }) => [name, shardName(index, shards.length)])),
  )
  return `${JSON.stringify({ metadata: { total_size }, weight_map }, null, 2)}\n`
}
