/** The calls between the lab and a host: the Engine interface, its weights and its derivatives. zod checks both sides. */
import { z } from 'zod'
import { HEAD_PRECISIONS, PRECISIONS, PROJECTIONS } from '../../config/choices.ts'
import { messageSchema } from '../../messages/schema.ts'
import type {
  AdamW,
  Completion,
  DrawnToken,
  Forest,
  Holding,
  LoraConfig,
  ModelConfig,
  OptimizerState,
  Scores,
  Tensors,
} from '../engine.ts'
import type { AdapterFacts, AdapterWish } from './adapter.ts'
import type { Forms } from './line.ts'

const floats: z.ZodType<Float32Array> = z.instanceof(Float32Array)
const ints: z.ZodType<Int32Array> = z.instanceof(Int32Array)
const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array)
const count = z.int().min(0)
const drawn: z.ZodType<DrawnToken> = z.object({ prompt: count, token: count, logprob: z.number() })
const nothing = z.unknown().transform((): void => {})
const adapterName = z.string().nullable()

const tensors: z.ZodType<Tensors> = z.map(z.string(), z.object({ shape: z.array(count), data: floats }))

const loraModule = { r: count, lora_alpha: z.number() }
const lora: z.ZodType<LoraConfig> = z.object({
  ...loraModule,
  lora_dropout: z.number(),
  target_modules: z.array(z.enum(PROJECTIONS)),
  layers_to_transform: z.array(count).nullable().exactOptional(),
  use_rslora: z.boolean().exactOptional(),
  modules: z.map(z.string(), z.object(loraModule)).exactOptional(),
})

const forest: z.ZodType<Forest> = z.array(z.object({ tokens: ints, parent: z.int(), targetStart: count }))

const scores: z.ZodType<Scores> = z.object({
  logprobs: floats,
  entropies: floats,
  hits: bytes,
  starts: ints,
  counts: ints,
})

const adamW: z.ZodType<AdamW> = z.object({
  learning_rate: z.number(),
  adam_beta1: z.number(),
  adam_beta2: z.number(),
  adam_epsilon: z.number(),
  weight_decay: z.number(),
  max_grad_norm: z.number().or(z.literal(Number.POSITIVE_INFINITY)),
})

const optimizerState: z.ZodType<OptimizerState> = z.object({ step: count, exp_avg: tensors, exp_avg_sq: tensors })

/** A constraint, with its vocabulary by number. */
const constraint = z.object({
  vocabulary: count,
  bytes,
  children: ints,
  siblings: ints,
  texts: ints,
  ends: bytes,
  reserve: count,
})

const sampling = z.object({
  temperature: z.number(),
  top_p: z.number(),
  max_new_tokens: z.number(),
  stop_token_ids: z.array(count).readonly(),
  seeds: z.array(count).readonly(),
})

const completion: z.ZodType<Completion> = z.object({ tokens: ints, logprobs: floats, stopped: z.boolean() })

const holding: z.ZodType<Holding> = z.object({
  precision: z.enum(PRECISIONS),
  headPrecision: z.enum(HEAD_PRECISIONS),
  gradientCheckpointing: z.boolean(),
  keptBytes: count.exactOptional(),
  packedBytes: z.union([z.literal(2), z.literal(4)]),
  threads: count,
  cardBytes: z.number().exactOptional(),
})

const wish: z.ZodType<AdapterWish> = z.object({
  name: z.string().nullable(),
  power: z.enum(['high-performance', 'low-power']).nullable(),
})

const facts: z.ZodType<AdapterFacts> = z.object({
  name: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  software: z.boolean(),
  largestBuffer: count,
  features: z.array(z.string()),
})

/** What an engine in a host can hold and how, as far as the lab decides it. */
export const openingSchema = z.object({
  /** Of the model; the lab has checked it. */
  config: z.custom<ModelConfig>((value) => typeof value === 'object' && value !== null),
  /** The source of each tensor, for messages. */
  files: z.map(z.string(), z.string()),
  wish,
  holding,
})
export type Opening = z.output<typeof openingSchema>

/** What the lab asks of a host. */
export const HOST_FORMS = {
  adapter: { args: wish, result: facts },
  open: { args: openingSchema, result: z.object({ description: messageSchema, holding: holding.nullable() }) },
  addAdapter: { args: z.object({ name: z.string(), lora, weights: tensors }), result: nothing },
  removeAdapter: { args: z.string(), result: nothing },
  adapterWeights: { args: z.string(), result: tensors },
  baseWeights: { args: nothing, result: tensors },
  train: { args: adapterName, result: nothing },
  logprobs: { args: z.object({ forest, adapter: adapterName }), result: scores },
  /** The host asks for the derivatives with the call `slopes` and this `key`. */
  accumulate: { args: z.object({ forest, dropoutSeed: z.number().exactOptional(), key: count }), result: scores },
  gradients: { args: nothing, result: tensors },
  step: { args: adamW, result: z.object({ grad_norm: z.number() }) },
  optimizerState: { args: nothing, result: optimizerState },
  setOptimizerState: { args: optimizerState, result: nothing },
  /** Sent once for each vocabulary, before the first constraint with its number. */
  addVocabulary: { args: z.object({ number: count, bytes, offsets: ints }), result: nothing },
  generate: {
    args: z.object({
      prompts: z.array(ints).readonly(),
      sampling,
      /** The constraint of each prompt by its index in `constraints`, -1 for none; null where nothing is constrained. */
      held: z.array(z.int().min(-1)).nullable(),
      constraints: z.array(constraint),
      adapter: adapterName,
      /** Whether each token is told. */
      streams: z.boolean(),
    }),
    news: drawn,
    result: z.array(completion),
  },
  close: { args: nothing, result: nothing },
} satisfies Forms

/** What a host asks of the lab. */
export const LAB_FORMS = {
  /** The next piece of a tensor, from its first; null at its end. */
  piece: {
    args: z.string(),
    result: z.object({ offset: count, dtype: z.enum(['F32', 'F16', 'BF16', 'U8']), bytes }).nullable(),
  },
  /** The derivatives for the call `accumulate` with that key. */
  slopes: { args: z.object({ key: count, scores }), result: floats },
} satisfies Forms
