/** Qwen2 checkpoints in Hugging Face layout: config.json and model.safetensors, or shards with their index. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { says } from '../config/demand.ts'
import { writeFileAtomic } from '../files/file.ts'
import { replaceFiles, settleFolder } from '../files/folder.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import type { Dtype } from './dtype.ts'
import type { Qwen2Config, Tensor, Tensors } from './engine.ts'
import { checkFinite, checkShapes, parseJsonFile, readOptional } from './model-file.ts'
import {
  byteLength,
  type Entry,
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from './safetensors.ts'
import { pieceRows, type TensorStream } from './tensor-stream.ts'
import { checkpointShapes } from './weights.ts'

export interface Checkpoint {
  readonly config: Qwen2Config
  readonly tensors: Tensors
}

const size = z.int().positive()
const ropeSchema = z.looseObject({
  rope_type: z.literal('default').optional(),
  type: z.literal('default').optional(),
  rope_theta: z.number().positive().optional(),
})

/**
 * The keys that affect the computation. If this lab supports only one value of a key, the key must have that value. Other
 * keys are ignored.
 */
const configSchema = z
  .looseObject({
    model_type: z.literal('qwen2'),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: size,
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().optional(),
    max_position_embeddings: size.default(32768),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: z.literal('silu').default('silu'),
    attention_dropout: z.literal(0).default(0),
    head_dim: size.nullish(),
    use_sliding_window: z.boolean().default(false),
    max_window_layers: z.int().nonnegative().default(28),
    layer_types: z.array(z.literal('full_attention')).nullish(),
    rope_scaling: ropeSchema.nullish(),
    // transformers 5 writes this key instead of rope_theta and rope_scaling.
    rope_parameters: ropeSchema.nullish(),
    quantization_config: z.null().optional(),
  })
  .superRefine((config, context) => {
    const refuse = (key: string, wrong: ReturnType<typeof says>) =>
      context.addIssue({ code: 'custom', path: [key], message: wrong })
    const { hidden_size, num_attention_heads: heads, num_key_value_heads: kvHeads } = config
    if (hidden_size % (2 * heads) !== 0) refuse('num_attention_heads', says('mustDivideHiddenSize'))
    if (heads % kvHeads !== 0) refuse('num_key_value_heads', says('mustDivideAttentionHeads'))
    if ((config.head_dim ?? hidden_size / heads) !== hidden_size / heads) {
      refuse('head_dim', says('mustBeQuotientOfHidden'))
    }
    if (config.use_sliding_window && config.max_window_layers < config.num_hidden_layers) {
      refuse('use_sliding_window', says('slidingWindowUnsupported'))
    }
  })

/** Parses the text of a config.json. Errors name `file`. */
export function parseQwen2Config(file: string, text: string): Qwen2Config {
  const config = parseJsonFile(file, text, configSchema, message('plainQwen2Only'))
  return {
    vocab_size: config.vocab_size,
    hidden_size: config.hidden_size,
    intermediate_size: config.intermediate_size,
    num_hidden_layers: config.num_hidden_layers,
    num_attention_heads: config.num_attention_heads,
    num_key_value_heads: config.num_key_value_heads,
    rms_norm_eps: config.rms_norm_eps,
    rope_theta: config.rope_theta ?? config.rope_parameters?.rope_theta ?? 10_000,
    max_position_embeddings: config.max_position_embeddings,
    tie_word_embeddings: config.tie_word_embeddings,
  }
}

/** A checkpoint folder of which only the headers were read and checked. */
export interface OpenCheckpoint extends TensorStream {
  readonly config: Qwen2Config
  /** The numbers of a tensor in the file's dtype. */
  readonly dtypeOf: (name: string) => Dtype
  /** The files that hold weights. */
  readonly files: readonly string[]
  /** A whole tensor as float32. */
  read(name: string): Promise<Tensor>
  /** Reads a tensor's bytes from `from` on, filling `into`. */
  readBytes(name: string, from: number, into: Uint8Array): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a checkpoint folder: reads config.json and the headers of its files.
 * @throws UserError if a file is missing, cut off or of another architecture, or its tensors differ from those that
 *   config.json needs.
 */
export async function openCheckpoint(folder: string): Promise<OpenCheckpoint> {
  settleFolder(folder)
  const configFile = join(folder, 'config.json')
  const text = await readOptional(configFile)
  if (text === undefined) {
    throw new UserError('configJsonMissing', { file: configFile })
  }
  const config = parseQwen2Config(configFile, text)

  const single = join(folder, 'model.safetensors')
  const shards = existsSync(single) ? null : await readIndex(folder)
  const fileOf = (name: string) =>
    shards === null ? single : join(folder, shards.get(name) ?? 'model.safetensors.index.json')
  const opened = new Map<string, SafetensorsFile>()
  const close = async () => {
    for (const file of opened.values()) await file.close()
  }
  try {
    const placed = new Map<string, { file: SafetensorsFile; entry: Entry }>()
    for (const path of shards === null ? [single] : new Set([...shards.values()].map((name) => join(folder, name)))) {
      const file = await openSafetensors(path)
      opened.set(path, file)
      for (const entry of file.entries.values()) {
        const { name } = entry
        // Old files hold copies of two things that are not needed: a tied head (the embedding), and the inverse frequencies
        // (they follow from rope_theta).
        const copy = name.endsWith('.rotary_emb.inv_freq') || (name === 'lm_head.weight' && config.tie_word_embeddings)
        if (!copy && fileOf(name) === path) placed.set(name, { file, entry })
      }
    }
    checkShapes(new Map([...placed].map(([name, { entry }]) => [name, entry.shape])), checkpointShapes(config), fileOf)
    const find = (name: string) => {
      const found = placed.get(name)
      if (found === undefined) throw new Error(`${folder} has no tensor ${name}`)
      return found
    }
    return {
      config,
      files: [...opened.keys()],
      fileOf,
      dtypeOf: (name) => find(name).entry.dtype,
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
      async *pieces(name) {
        const { file, entry } = find(name)
        const { dtype, shape, begin, end } = entry
        const length = Math.min(end - begin, byteLength(dtype, [pieceRows(shape), ...shape.slice(1)]))
        // Two buffers, so that one can be read while the other is still in use.
        const buffers = [new Uint8Array(length), new Uint8Array(length)]
        for (let at = 0, turn = 0; at < end - begin; at += length, turn++) {
          const bytes = buffers[turn % 2]!.subarray(0, Math.min(length, end - begin - at))
          await file.read(entry, at, bytes)
          yield { offset: at / byteLength(dtype, []), dtype, bytes }
        }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Reads a whole checkpoint folder, with every weight as float32.
 * @throws UserError as openCheckpoint does, and if a number is not finite.
 */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(folder)
  try {
    const tensors = new Map<string, Tensor>()
    for (const name of checkpointShapes(checkpoint.config).keys()) tensors.set(name, await checkpoint.read(name))
    return { config: checkpoint.config, tensors }
  } finally {
    await checkpoint.close()
  }
}

/**
 * Writes a checkpoint that transformers can load into a folder, all of it or nothing. `files` are further files by name:
 * the tokenizer's, a model card. Files of other names stay.
 */
export async function saveCheckpoint(
  folder: string,
  config: Qwen2Config,
  tensors: Tensors,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const written = {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    hidden_act: 'silu',
    attention_dropout: 0,
    use_sliding_window: false,
    torch_dtype: 'float32',
    ...config,
  }
  await replaceFiles(folder, (next) => {
    for (const [name, text] of Object.entries(files)) writeFileAtomic(join(next, name), text)
    writeFileAtomic(join(next, 'config.json'), `${JSON.stringify(written, null, 2)}\n`)
    writeSafetensors(join(next, 'model.safetensors'), tensors)
  })
}

const indexSchema = z.looseObject({
  // A shard's name must not lead out of the folder.
  weight_map: z.record(z.string(), z.string().regex(/^[\w.-]+\.safetensors$/, says('mustBeSafetensorsName'))),
})

/** The shard of each tensor, from the index file. */
async function readIndex(folder: string): Promise<Map<string, string>> {
  const indexFile = join(folder, 'model.safetensors.index.json')
  const text = await readOptional(indexFile)
  if (text === undefined) {
    const pickled = existsSync(join(folder, 'pytorch_model.bin'))
    throw new UserError(pickled ? 'weightsInPickle' : 'weightsMissing', { file: join(folder, 'model.safetensors') })
  }
  return new Map(Object.entries(parseJsonFile(indexFile, text, indexSchema, message('copyAgain')).weight_map))
}
