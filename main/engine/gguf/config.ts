/** A GGUF file's metadata as a Hugging Face config.json. */
import { z } from 'zod'
import { shortText } from '../../messages/cut.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { parseModelConfig } from '../checkpoint/config-json.ts'
import { parseValue } from '../checkpoint/model-file.ts'
import type { ModelConfig, RopeScaling } from '../engine.ts'
import { FAMILIES, MODEL_TYPES } from '../families.ts'
import { CONFIG_PROMPT, GGUF_PROMPT } from '../trained-prompt.ts'
import { ggufName, ROPE_FACTORS } from './names.ts'
import type { Gguf } from './parts.ts'
import { scalingOf } from './rope-scaling.ts'
import { readNumbers, writtenDtype } from './tensor.ts'

/** The keys of an architecture that affect the computation, without their prefix. Other keys are ignored. */
const schema = z.looseObject({
  context_length: z.number(),
  embedding_length: z.number().positive(),
  block_count: z.number(),
  feed_forward_length: z.number(),
  'attention.head_count': z.number().positive(),
  'attention.head_count_kv': z.number().optional(),
  'attention.key_length': z.number().optional(),
  'attention.value_length': z.number().optional(),
  'attention.layer_norm_rms_epsilon': z.number(),
  'attention.causal': z.literal(true).optional(),
  'attention.sliding_window': z.literal(0).optional(),
  'rope.freq_base': z.number().default(10_000),
  'rope.dimension_count': z.number().optional(),
  'rope.scaling.type': z.literal('none').optional(),
  'rope.scale_linear': z.literal(1).optional(),
  expert_count: z.literal(0).optional(),
})

/** What general.type says of a file that holds a model. Adapters, for example, have another. */
const MODEL = 'model'

const EMBEDDING = ggufName('model.embed_tokens.weight')!

/**
 * The configuration of a GGUF file's model.
 * @throws UserError as configOf does, and if a number is not possible or the embedding is missing.
 */
export function modelConfigOf(gguf: Gguf): ModelConfig {
  const config = configOf(gguf)
  const { file, tensors } = gguf
  if (!tensors.has(EMBEDDING)) throw new UserError('tensorMissing', { file, name: EMBEDDING })
  return parseModelConfig(file, JSON.stringify(config), message('ggufOtherModel'), (key) => {
    const own = KEYS[key]
    return own === undefined ? key : `${config.model_type}.${own}`
  })
}

/** What GGUF calls the keys of config.json, without the architecture's prefix. */
const KEYS: Readonly<Record<string, string>> = {
  hidden_size: 'embedding_length',
  intermediate_size: 'feed_forward_length',
  num_hidden_layers: 'block_count',
  num_attention_heads: 'attention.head_count',
  num_key_value_heads: 'attention.head_count_kv',
  head_dim: 'attention.key_length',
  rms_norm_eps: 'attention.layer_norm_rms_epsilon',
  rope_theta: 'rope.freq_base',
  max_position_embeddings: 'context_length',
}

/**
 * The config.json of a GGUF file's model. The head is tied to the embedding unless the file holds a head, as in llama.cpp.
 * @throws UserError if the architecture is none of this lab's, or computes in a way that it does not know.
 */
export function configOf(gguf: Gguf): Record<string, unknown> {
  const { file, metadata, tensors } = gguf
  const kind = metadata.get('general.type') ?? MODEL
  if (kind !== MODEL) throw new UserError('ggufNoModel', { file, kind: shortText(String(kind)) })
  // llama.cpp and transformers call these families alike.
  const architecture = metadata.get('general.architecture')
  const model_type = MODEL_TYPES.find((type) => type === architecture)
  if (model_type === undefined) {
    const named = shortText(String(architecture ?? '-'))
    throw new UserError('ggufArchitecture', { file, architecture: named, known: MODEL_TYPES })
  }
  const prefix = `${model_type}.`
  const own = [...metadata].flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
  )
  const keys = parseValue(file, Object.fromEntries(own), schema, message('ggufOtherModel'), (key) => prefix + key)

  const heads = keys['attention.head_count']
  const head_dim = keys['attention.key_length'] ?? keys.embedding_length / heads
  for (const key of ['attention.value_length', 'rope.dimension_count'] as const) {
    const found = keys[key] ?? head_dim
    if (found !== head_dim) throw new UserError('ggufHeadSizes', { file, key: prefix + key, found, wanted: head_dim })
  }
  const embedding = tensors.get(EMBEDDING)
  const rope_theta = shortest(keys['rope.freq_base'])
  const prompt = metadata.get(GGUF_PROMPT)
  return {
    architectures: [FAMILIES[model_type].architecture],
    model_type,
    vocab_size: embedding?.shape[0] ?? 0,
    hidden_size: keys.embedding_length,
    intermediate_size: keys.feed_forward_length,
    num_hidden_layers: keys.block_count,
    num_attention_heads: heads,
    num_key_value_heads: keys['attention.head_count_kv'] ?? heads,
    head_dim,
    hidden_act: 'silu',
    rms_norm_eps: shortest(keys['attention.layer_norm_rms_epsilon']),
    rope_theta,
    rope_scaling: ropeScaling(gguf, head_dim, rope_theta),
    max_position_embeddings: keys.context_length,
    tie_word_embeddings: !tensors.has(ggufName('lm_head.weight')!),
    attention_dropout: 0,
    use_sliding_window: false,
    torch_dtype: DTYPES[writtenDtype(embedding?.type ?? 'F16')],
    ...(typeof prompt === 'string' && { [CONFIG_PROMPT]: prompt }),
  }
}

const DTYPES = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const

function ropeScaling({ tensors }: Gguf, headDim: number, theta: number): RopeScaling | null {
  const tensor = tensors.get(ROPE_FACTORS)
  if (tensor === undefined) return null
  const { file, type, shape } = tensor
  const scaling =
    type === 'F32' && shape.join() === `${headDim / 2}` ? scalingOf(readNumbers(tensor), theta) : undefined
  if (scaling === undefined) throw new UserError('ggufRopeFactors', { file, name: ROPE_FACTORS })
  return scaling
}

/** The shortest number that is `value` in float32: 1e-6 for 9.999999974752427e-7. */
function shortest(value: number): number {
  const digits = [6, 7, 8, 9].map((precision) => Number(value.toPrecision(precision)))
  return digits.find((number) => Math.fround(number) === value) ?? value
}
