/** Merges an adapter into its base model, and writes the result. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { agreedConfig } from '../engine/checkpoint/config-json.ts'
import { type Dtype, narrow, widen } from '../engine/checkpoint/dtype.ts'
import { contentsOf } from '../engine/checkpoint/model-files.ts'
import { byteLength, type Declared, writeSafetensorsStream } from '../engine/checkpoint/safetensors.ts'
import type { Piece } from '../engine/checkpoint/tensor-stream.ts'
import { keepPreTokenizer } from '../engine/tokenizer/pre-tokenizer.ts'
import { checkpointShapes } from '../engine/weights.ts'
import { writeFileAtomic } from '../files/file.ts'
import { replaceFiles, settleFolder } from '../files/folder.ts'
import { namesIn } from '../files/names.ts'
import { shownPath } from '../files/paths.ts'
import { removeUnfinished } from '../files/unfinished.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import type { MergeForm } from './forms.ts'
import { writeMergedGguf } from './merge-gguf.ts'
import { usingMerged, type WriteOptions } from './merged-weights.ts'

/** Most bytes of weights in a shard, as in transformers. */
const SHARD_BYTES = 5e9

/** The files of a model besides its weights. */
const BESIDE =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$|^(merges\.txt|chat_template\.jinja)$/

export interface MergeOptions extends WriteOptions {
  /** 'safetensors' by default. */
  readonly form?: MergeForm
  readonly shardBytes?: number
}

/**
 * Writes the merged model to `target`: a checkpoint folder that transformers loads without PEFT, or a GGUF file that
 * llama.cpp loads. Tensors are processed in pieces, never whole.
 * @throws UserError where base or adapter are unusable or do not fit together, or `target` is one of them or taken; the
 * signal's reason where it was aborted.
 */
export async function mergeAdapter(
  base: string,
  adapterFolder: string,
  target: string,
  { form = 'safetensors', ...options }: MergeOptions = {},
): Promise<void> {
  checkTarget(base, adapterFolder, target, form)
  tidy(dirname(target))
  if (form === 'safetensors') await writeMergedFolder(base, adapterFolder, target, options)
  else await writeMergedGguf(base, adapterFolder, target, form, options)
}

/** Removes what merges that were killed left in a folder and in those within it: gigabytes, under a name that nobody asks for again. */
function tidy(folder: string): void {
  for (const place of [folder, ...namesIn(folder).map((name) => join(folder, name))]) removeUnfinished(place)
}

/** Throws UserError where `target` is the base or the adapter, or already something. */
export function checkTarget(base: string, adapterFolder: string, target: string, form: MergeForm): void {
  if ([base, adapterFolder].includes(target)) {
    throw new UserError('mergeOntoInput', { folder: target })
  }
  if (form !== 'safetensors') {
    if (!target.endsWith('.gguf')) throw new UserError('mergeGgufName', { file: target })
    if (existsSync(target)) throw new UserError('mergeFileTaken', { file: target })
    return
  }
  if (target.endsWith('.gguf')) throw new UserError('mergeFolderAsGguf', { file: target })
  settleFolder(target)
  if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0)) {
    throw new UserError('mergeTargetTaken', { folder: target })
  }
}

/** The base model's files, with every weight in its original dtype. AutoTokenizer gives the base's token ids. */
async function writeMergedFolder(
  base: string,
  adapterFolder: string,
  target: string,
  { onProgress, shardBytes = SHARD_BYTES, signal, warn = () => {} }: Omit<MergeOptions, 'form'>,
): Promise<void> {
  const options = { warn, ...(signal === undefined ? {} : { signal }) }
  await usingMerged(base, adapterFolder, options, async ({ checkpoint, adapter, pieces }) => {
    const declared = [...checkpointShapes(checkpoint.config)].map(
      ([name, shape]): Declared => ({ name, shape, dtype: checkpoint.dtypeOf(name) }),
    )
    const shards = cutShards(declared, shardBytes)
    let done = 0
    await replaceFiles(target, async (next) => {
      for (const [name, content] of contentsOf(base, BESIDE)) writeFileAtomic(join(next, name), content)
      // Of Llama-type models transformers 5 takes tokenizer.json as it stands.
      const { model_type } = checkpoint.config
      if (model_type !== 'llama' && (await keepPreTokenizer(next))) warn(message('mergePreTokenizer'))
      const config = join(next, 'config.json')
      const text = readFileSync(config, 'utf8')
      const merge = { base: shownPath(base), adapter: shownPath(adapterFolder) }
      writeFileAtomic(config, agreedConfig(text, checkpoint.config, { prompt: adapter.prompt, merge }))
      for (const [index, shard] of shards.entries()) {
        const bytes = async function* () {
          for (const { name, dtype } of shard) {
            for await (const piece of pieces(name)) yield inDtype(piece, dtype)
            onProgress?.(++done, declared.length)
          }
        }
        await writeSafetensorsStream(join(next, shardName(index, shards.length)), shard, bytes())
      }
      if (shards.length > 1) writeFileAtomic(join(next, 'model.safetensors.index.json'), indexText(shards))
    })
  })
}

/** The bytes of a piece's numbers in a dtype. */
function inDtype({ bytes, dtype: from }: Piece, to: Dtype): Uint8Array {
  return from === to || to === 'U8' ? bytes : narrow(widen(bytes, from), to)
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
