/** A model's config.json, as transformers 4 and 5 write it. */
import { z } from 'zod'
import { says } from '../config/demand.ts'
import { message } from '../messages/message.ts'
import type { ModelConfig } from './engine.ts'
import { parseJsonFile } from './model-file.ts'

/** Beyond every published model. A damaged number would otherwise ask for tensors without end. */
const size = z
  .int()
  .positive()
  .max(2 ** 24)
const layers = z.int().positive().max(1024)

const ropeSchema = z.looseObject({
  rope_type: z.literal('default').optional(),
  type: z.literal('default').optional(),
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.literal(1).nullish(),
})

/** Models of type qwen2 that end in something else than a head over the vocabulary. */
const OTHER_HEAD = /For(SequenceClassification|TokenClassification|QuestionAnswering|\w*RewardModel)$|^Qwen2Model$/

/** Other programs write null where these keys have their default. */
const orDefault = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  schema.nullish().transform((given) => given ?? value)

/**
 * The keys that affect the computation. If this lab supports only one value of a key, the key must have that value. Other
 * keys are ignored.
 */
const configSchema = z
  .looseObject({
    model_type: z.literal('qwen2'),
    architectures: z.array(z.string().refine((name) => !OTHER_HEAD.test(name), says('mustBeCausalLm'))).nullish(),
    quantization_config: z.null(says('quantizedUnsupported')).optional(),
    compression_config: z.null(says('quantizedUnsupported')).optional(),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: layers,
    num_attention_heads: size,
    num_key_value_heads: size.nullable(),
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().nullish(),
    max_position_embeddings: size.default(32768),
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
    const { hidden_size, num_attention_heads: heads, num_key_value_heads, rope_theta, rope_parameters } = config
    if (hidden_size % (2 * heads) !== 0) refuse('num_attention_heads', says('mustDivideHiddenSize'))
    if (heads % (num_key_value_heads ?? heads) !== 0) refuse('num_key_value_heads', says('mustDivideAttentionHeads'))
    if ((config.head_dim ?? hidden_size / heads) !== hidden_size / heads) {
      refuse('head_dim', says('mustBeQuotientOfHidden'))
    }
    if (config.use_sliding_window && config.max_window_layers < config.num_hidden_layers) {
      refuse('use_sliding_window', says('slidingWindowUnsupported'))
    }
    if ((config.layer_types?.length ?? config.num_hidden_layers) !== config.num_hidden_layers) {
      refuse('layer_types', says('mustHaveAllLayers'))
    }
    // transformers 4 reads one of them, transformers 5 the other.
    const thetas = [rope_theta, rope_parameters?.rope_theta, config.rope_scaling?.rope_theta]
    if (new Set(thetas.filter((theta) => typeof theta === 'number')).size > 1)
      refuse('rope_theta', says('mustBeOneTheta'))
    // As for models whose layers differ.
    if (rope_parameters && thetas.every((theta) => typeof theta !== 'number')) {
      refuse('rope_parameters', says('mustHaveTheta'))
    }
  })

/** Parses the text of a config.json. Errors name `file`. */
export function parseModelConfig(file: string, text: string): ModelConfig {
  const config = parseJsonFile(file, text, configSchema, message('plainQwen2Only'))
  const theta = config.rope_theta ?? config.rope_parameters?.rope_theta ?? config.rope_scaling?.rope_theta
  return {
    vocab_size: config.vocab_size,
    hidden_size: config.hidden_size,
    intermediate_size: config.intermediate_size,
    num_hidden_layers: config.num_hidden_layers,
    num_attention_heads: config.num_attention_heads,
    num_key_value_heads: config.num_key_value_heads ?? config.num_attention_heads,
    rms_norm_eps: config.rms_norm_eps,
    rope_theta: theta ?? 10_000,
    max_position_embeddings: config.max_position_embeddings,
    tie_word_embeddings: config.tie_word_embeddings,
  }
}

/**
 * The text of a config.json that transformers 4 and 5 read as `config` says: transformers 4 knows no rope_parameters, and it
 * drops a head that the configuration ties. Every other key stays.
 */
export function agreedConfig(text: string, { rope_theta, tie_word_embeddings }: ModelConfig): string {
  const given = z.looseObject({}).parse(JSON.parse(text))
  if (given.rope_theta === rope_theta && given.tie_word_embeddings === tie_word_embeddings) return text
  return `${JSON.stringify({ ...given, rope_theta, tie_word_embeddings }, null, 2)}\n`
}
