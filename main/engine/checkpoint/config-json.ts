/** A model's config.json, as transformers 4 and 5 write it. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { says } from '../../config/demand.ts'
import { type Message, message } from '../../messages/message.ts'
import type { ModelConfig, RopeScaling } from '../engine.ts'
import { FAMILIES, MODEL_TYPES } from '../families.ts'
import { CONFIG_PROMPT } from '../trained-prompt.ts'
import { parseJsonFile } from './model-file.ts'

/** Beyond every published model. A damaged number would otherwise ask for tensors without end. */
const size = z
  .int()
  .positive()
  .max(2 ** 24)
const layers = z.int().positive().max(1024)

const ropeType = z.enum(['default', 'llama3'])

/** Older files say `type` where newer ones say `rope_type`. */
const ropeSchema = z
  .looseObject({
    rope_type: ropeType.nullish(),
    type: ropeType.nullish(),
    rope_theta: z.number().positive().nullish(),
    partial_rotary_factor: z.literal(1).nullish(),
    factor: z.number().min(1).nullish(),
    low_freq_factor: z.number().positive().nullish(),
    high_freq_factor: z.number().positive().nullish(),
    original_max_position_embeddings: size.nullish(),
  })
  .transform((rope, context) => {
    const { rope_type, type, rope_theta } = rope
    if ((rope_type ?? type ?? 'default') === 'default') return { rope_theta, scaling: null }
    const number = (key: (typeof LLAMA3)[number]) => {
      const value = rope[key]
      if (typeof value === 'number') return value
      context.addIssue({ code: 'custom', path: [key], message: says('isMissing') })
      return Number.NaN
    }
    const [factor, low_freq_factor, high_freq_factor, original_max_position_embeddings] = LLAMA3.map(number) as Four
    if (high_freq_factor <= low_freq_factor) {
      context.addIssue({ code: 'custom', path: ['high_freq_factor'], message: says('mustExceedLowFactor') })
    }
    const parameters = { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings }
    const scaling: RopeScaling = { rope_type: 'llama3', ...parameters }
    return { rope_theta, scaling }
  })

const LLAMA3 = ['factor', 'low_freq_factor', 'high_freq_factor', 'original_max_position_embeddings'] as const
type Four = [number, number, number, number]

/** Models that end in something else than a head over the vocabulary. */
const OTHER_HEAD =
  /For(SequenceClassification|TokenClassification|QuestionAnswering|\w*RewardModel)$|^(Qwen2|Qwen3|Llama)Model$/

/** Other programs write null where these keys have their default. */
const orDefault = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  schema.nullish().transform((given) => given ?? value)

/**
 * The keys that affect the computation. If this lab supports only one value of a key, the key must have that value. Other
 * keys are ignored.
 */
const configSchema = z
  .looseObject({
    model_type: z.enum(MODEL_TYPES, says('mustBeFamily')),
    architectures: z.array(z.string().refine((name) => !OTHER_HEAD.test(name), says('mustBeCausalLm'))).nullish(),
    quantization_config: z.null(says('quantizedUnsupported')).optional(),
    compression_config: z.null(says('quantizedUnsupported')).optional(),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: layers,
    num_attention_heads: size,
    num_key_value_heads: size.nullish(),
    attention_bias: z.boolean().nullish(),
    mlp_bias: z.boolean().nullish(),
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().nullish(),
    max_position_embeddings: size.optional(),
    tie_word_embeddings: orDefault(z.boolean(), false),
    // Two names of one function.
    hidden_act: orDefault(z.enum(['silu', 'swish']), 'silu'),
    attention_dropout: z.literal(0).nullish(),
    head_dim: size.nullish(),
    use_sliding_window: orDefault(z.boolean(), false),
    max_window_layers: orDefault(z.int().nonnegative(), 28),
    layer_types: z.array(z.literal('full_attention')).nullish(),
    rope_scaling: ropeSchema.nullish(),
    // transformers 5 writes this key instead of rope_theta and rope_scaling.
    rope_parameters: ropeSchema.nullish(),
  })
  .superRefine((config, context) => {
    const refuse = (key: string, wrong: ReturnType<typeof says>) =>
      context.addIssue({ code: 'custom', path: [key], message: wrong })
    const { model_type, num_attention_heads: heads, num_key_value_heads } = config
    const { rope_theta, rope_parameters, rope_scaling } = config
    if (headDim(config) % 2 !== 0) {
      if (typeof config.head_dim === 'number') refuse('head_dim', says('mustBeEven'))
      else refuse('num_attention_heads', says('mustDivideHiddenSize'))
    }
    if (num_key_value_heads === undefined && model_type !== 'llama') refuse('num_key_value_heads', says('isMissing'))
    if (heads % (num_key_value_heads ?? heads) !== 0) refuse('num_key_value_heads', says('mustDivideAttentionHeads'))
    // Qwen2 has its own biases, and looks at neither key.
    for (const key of model_type === 'qwen2' ? [] : (['attention_bias', 'mlp_bias'] as const)) {
      if (config[key] === true) refuse(key, says('biasUnsupported'))
    }
    if (config.use_sliding_window && config.max_window_layers < config.num_hidden_layers) {
      refuse('use_sliding_window', says('slidingWindowUnsupported'))
    }
    if ((config.layer_types?.length ?? config.num_hidden_layers) !== config.num_hidden_layers) {
      refuse('layer_types', says('mustHaveAllLayers'))
    }
    // transformers 4 reads one of them, transformers 5 the other.
    const thetas = [rope_theta, rope_parameters?.rope_theta, rope_scaling?.rope_theta]
    if (new Set(thetas.filter((theta) => typeof theta === 'number')).size > 1)
      refuse('rope_theta', says('mustBeOneTheta'))
    // As for models whose layers differ.
    if (rope_parameters && thetas.every((theta) => typeof theta !== 'number')) {
      refuse('rope_parameters', says('mustHaveTheta'))
    }
    if (rope_parameters && rope_scaling && !isDeepStrictEqual(rope_parameters.scaling, rope_scaling.scaling)) {
      refuse('rope_scaling', says('mustBeOneScaling'))
    }
  })

/** What transformers takes where the key is absent: a constant for Qwen3, and a share of the hidden size for others. */
function headDim(
  config: Pick<ModelConfig, 'model_type' | 'hidden_size' | 'num_attention_heads'> & {
    head_dim?: number | null | undefined
  },
): number {
  return config.head_dim ?? (config.model_type === 'qwen3' ? 128 : config.hidden_size / config.num_attention_heads)
}

/** Parses the text of a config.json. Errors name `file`, the key as `keyOf` returns it, and the cure. */
export function parseModelConfig(
  file: string,
  text: string,
  cure: Message = message('familiesOnly'),
  keyOf?: (key: string) => string,
): ModelConfig {
  const config = parseJsonFile(file, text, configSchema, cure, keyOf)
  const theta = config.rope_theta ?? config.rope_parameters?.rope_theta ?? config.rope_scaling?.rope_theta
  return {
    model_type: config.model_type,
    vocab_size: config.vocab_size,
    hidden_size: config.hidden_size,
    intermediate_size: config.intermediate_size,
    num_hidden_layers: config.num_hidden_layers,
    num_attention_heads: config.num_attention_heads,
    num_key_value_heads: config.num_key_value_heads ?? config.num_attention_heads,
    head_dim: headDim(config),
    attention_bias: FAMILIES[config.model_type].attention_bias,
    rms_norm_eps: config.rms_norm_eps,
    rope_theta: theta ?? 10_000,
    rope_scaling: config.rope_parameters?.scaling ?? config.rope_scaling?.scaling ?? null,
    max_position_embeddings: config.max_position_embeddings ?? (config.model_type === 'llama' ? 2048 : 32_768),
    tie_word_embeddings: config.tie_word_embeddings,
  }
}

/** The name of a prompt, and the hash of its wording. Whatever else stands there counts for nothing. */
const promptSchema = z.looseObject({
  [CONFIG_PROMPT]: z
    .string()
    .regex(/^[\w-]{1,40}( [0-9a-f]{1,64})?$/)
    .optional()
    .catch(undefined),
})

/** The name of the prompt that a model was trained with, where its config.json has it. */
export function promptOfConfig(config: unknown): string | undefined {
  return promptSchema.safeParse(config).data?.[CONFIG_PROMPT]
}

/** What a model was merged from: a base model and an adapter, by their paths at the time. */
export interface Merge {
  readonly base: string
  readonly adapter: string
}

const CONFIG_MERGE = 'dpo_driver_merge'
const mergeSchema = z.looseObject({ [CONFIG_MERGE]: z.object({ base: z.string(), adapter: z.string() }) })

/** What the model of a parsed config.json was merged from; undefined where it does not say. */
export function mergeOfConfig(config: unknown): Merge | undefined {
  return mergeSchema.safeParse(config).data?.[CONFIG_MERGE]
}

/**
 * The text of a config.json that transformers 4 and 5 read as `config` says: transformers 4 knows no rope_parameters, and it
 * drops a head that the configuration ties. It names the prompt that the weights were trained with, and what they were merged from. Every
 * other key stays.
 */
export function agreedConfig(
  text: string,
  { rope_theta, rope_scaling, tie_word_embeddings }: ModelConfig,
  { prompt, merge }: { readonly prompt?: string | undefined; readonly merge?: Merge } = {},
): string {
  const given = z.looseObject({}).parse(JSON.parse(text))
  const agreed: Record<string, unknown> = {
    rope_theta,
    tie_word_embeddings,
    ...(rope_scaling !== null && { rope_scaling }),
    ...(prompt !== undefined && { [CONFIG_PROMPT]: prompt }),
    ...(merge !== undefined && { [CONFIG_MERGE]: merge }),
  }
  if (Object.keys(agreed).every((key) => isDeepStrictEqual(given[key], agreed[key]))) return text
  return `${JSON.stringify({ ...given, ...agreed }, null, 2)}\n`
}
