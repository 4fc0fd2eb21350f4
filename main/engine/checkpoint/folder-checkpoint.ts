/** Checkpoint folders in Hugging Face layout: config.json and model.safetensors, or shards with their index. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { says } from '../../config/demand.ts'
import { settleFolder } from '../../files/folder.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import type { ModelConfig } from '../engine.ts'
import { checkpointShapes } from '../weights.ts'
import { checkFinite, checkShapes } from './check-tensors.ts'
import { parseModelConfig } from './config-json.ts'
import { widen } from './dtype.ts'
import { parseJsonFile, readOptional } from './model-file.ts'
import type { OpenCheckpoint, WrittenDtype } from './open-checkpoint.ts'
import {
  byteLength,
  type Entry,
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  type SafetensorsHeader,
} from './safetensors.ts'
import { SHARD_INDEX, WHOLE_WEIGHTS } from './snapshot.ts'
import { type Piece, pieceRows } from './tensor-stream.ts'

/**
 * Opens a checkpoint folder: reads config.json and the headers of its files. If config.json ties the head to the embedding
 * but the weights hold another head, that one is used, as in transformers 5; transformers 4 drops it.
 * @throws UserError if a file is missing, cut off or of another architecture, or its tensors differ from those that
 *   config.json needs.
 */
export async function openFolder(folder: string): Promise<OpenCheckpoint> {
  settleFolder(folder)
  const configFile = join(folder, 'config.json')
  const text = await readOptional(configFile)
  if (text === undefined) {
    throw new UserError('configJsonMissing', { file: configFile })
  }
  const config = parseModelConfig(configFile, text)

  const shards = existsSync(join(folder, WHOLE_WEIGHTS)) ? null : await readIndex(folder)
  const opened = new Map<string, SafetensorsFile>()
  const close = async () => {
    for (const file of opened.values()) await file.close()
  }
  try {
    for (const path of weightFiles(folder, shards)) opened.set(path, await openSafetensors(path))
    const fileOf = placeIn(folder, shards)
    const placed = checkHeaders(folder, config, shards, opened)
    const find = (name: string) => {
      const found = placed.get(name)
      if (found === undefined) throw new Error(`${folder} has no tensor ${name}`)
      return { file: opened.get(fileOf(name))!, entry: found }
    }
    const pieces = (name: string) => piecesOf(find(name))
    const tied = config.tie_word_embeddings && !(placed.has(HEAD) && (await differ(pieces(EMBEDDING), pieces(HEAD))))
    const ownHead = config.tie_word_embeddings && !tied
    return {
      config: { ...config, tie_word_embeddings: tied },
      notes: ownHead ? [message('headOfItsOwn', { file: configFile })] : [],
      files: [...opened.keys()],
      fileOf,
      dtypeOf: (name) => find(name).entry.dtype as WrittenDtype,
      storedAs(name) {
        const { dtype, begin, end } = find(name).entry
        return { type: dtype, bytes: end - begin }
      },
      async read(name) {
        const { file, entry } = find(name)
        const tensor = await readTensor(file, entry)
        checkFinite(name, tensor, fileOf)
        return tensor
      },
      readBytes(name, from, into) {
        const { file, entry } = find(name)
        return file.read(entry, from, into)
      },
      pieces,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

const EMBEDDING = 'model.embed_tokens.weight'
const HEAD = 'lm_head.weight'

/** The shard of each tensor; null if one file holds all. */
type Shards = ReadonlyMap<string, string> | null

/** The files that hold the weights of a folder. */
export function weightFiles(folder: string, shards: Shards): string[] {
  return [...(shards === null ? [WHOLE_WEIGHTS] : new Set(shards.values()))].map((name) => join(folder, name))
}

/** Returns the file in which a tensor belongs; the index for a tensor that it leaves out. */
function placeIn(folder: string, shards: Shards): (name: string) => string {
  return (name) => join(folder, shards === null ? WHOLE_WEIGHTS : (shards.get(name) ?? SHARD_INDEX))
}

/**
 * Checks the headers of a checkpoint's files, by their paths, against its configuration, and returns the tensors that
 * count. A head is among them also if the configuration ties it.
 * @throws UserError that names what config.json and weights do not agree on.
 */
export function checkHeaders(
  folder: string,
  config: ModelConfig,
  shards: Shards,
  headers: ReadonlyMap<string, SafetensorsHeader>,
): ReadonlyMap<string, Entry> {
  const fileOf = placeIn(folder, shards)
  const placed = new Map<string, Entry>()
  for (const [path, { entries }] of headers) {
    for (const [name, entry] of entries) {
      // Old files hold the inverse frequencies too. They follow from rope_theta.
      if (!name.endsWith('.rotary_emb.inv_freq') && fileOf(name) === path) placed.set(name, entry)
    }
  }
  const [file] = [...headers.keys()]
  const disagree = (key: string, value: string | number, found: string | number) =>
    new UserError('configDisagrees', { config: join(folder, 'config.json'), key, value, file: file ?? folder, found })
  const layers = new Set([...placed.keys()].flatMap((name) => /^model\.layers\.(\d+)\./.exec(name)?.[1] ?? []))
  const { num_hidden_layers, tie_word_embeddings } = config
  if (layers.size > 0 && layers.size !== num_hidden_layers) {
    throw disagree('num_hidden_layers', num_hidden_layers, layers.size)
  }
  if (!placed.has(HEAD) && !tie_word_embeddings && placed.has(EMBEDDING)) {
    throw new UserError('headMissing', { config: join(folder, 'config.json'), file: fileOf(HEAD) })
  }
  const wanted = checkpointShapes({ ...config, tie_word_embeddings: !placed.has(HEAD) })
  checkShapes(new Map([...placed].map(([name, { shape }]) => [name, shape])), wanted, fileOf)
  return placed
}

async function* piecesOf({ file, entry }: { file: SafetensorsFile; entry: Entry }): AsyncGenerator<Piece> {
  const { dtype, shape, begin, end } = entry
  const length = Math.min(end - begin, byteLength(dtype, [pieceRows(shape), ...shape.slice(1)]))
  // Two buffers, so that one can be read while the other is still in use.
  const buffers = [new Uint8Array(length), new Uint8Array(length)]
  for (let at = 0, turn = 0; at < end - begin; at += length, turn++) {
    const bytes = buffers[turn % 2]!.subarray(0, Math.min(length, end - begin - at))
    await file.read(entry, at, bytes)
    yield { offset: at / byteLength(dtype, []), dtype, bytes }
  }
}

/** Whether two tensors of the same shape hold other numbers, in whatever dtypes. */
async function differ(a: AsyncIterable<Piece>, b: AsyncGenerator<Piece>): Promise<boolean> {
  for await (const one of a) {
    const other = (await b.next()).value as Piece
    const equal =
      one.dtype === other.dtype
        ? Buffer.compare(one.bytes, other.bytes) === 0
        : isDeepStrictEqual(widen(one.bytes, one.dtype), widen(other.bytes, other.dtype))
    if (!equal) return true
  }
  return false
}

const indexSchema = z.looseObject({
  // A shard's name must not lead out of the folder.
  weight_map: z.record(z.string(), z.string().regex(/^[\w.-]+\.safetensors$/, says('mustBeSafetensorsName'))),
})

/** The shard of each tensor, from the text of an index file. Errors name `file`. */
export function parseIndex(file: string, text: string): Map<string, string> {
  return new Map(Object.entries(parseJsonFile(file, text, indexSchema, message('copyAgain')).weight_map))
}

async function readIndex(folder: string): Promise<Map<string, string>> {
  const file = join(folder, SHARD_INDEX)
  const text = await readOptional(file)
  if (text !== undefined) return parseIndex(file, text)
  const pickled = existsSync(join(folder, 'pytorch_model.bin'))
  throw new UserError(pickled ? 'weightsInPickle' : 'weightsMissing', { file: join(folder, WHOLE_WEIGHTS) })
}
