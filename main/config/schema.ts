/** Every key of config.yaml with its bounds and default. The committed config.yaml explains each key. */
import { z } from 'zod'
import {
  CONTRASTS,
  EPISODE_TIME_LIMIT,
  HEAD_PRECISIONS,
  POLICY_GRADIENTS,
  PRECISIONS,
  PROJECTIONS,
  PROMPT_STYLES,
  WEBGPU_HOSTS,
} from './choices.ts'
import { says } from './demand.ts'
import { pagesOf, SUITES } from './suites.ts'

/**
 * Upper bounds are far above what anybody uses. They are there for slips of the keyboard, which would otherwise be found after
 * hours: a learning rate of 1e9, a batch of 100,000.
 */
const count = z.int().min(1).max(1_000_000)
const countOrNone = z.int().min(0).max(1_000_000)
const batchSize = z.int().min(1).max(4096)
const learningRate = z.number().positive().max(1)
const weight = z.number().min(0).max(1000)
/** The most tokens of a training sequence; null for the model's positions. */
const maxLength = z.int().min(2).max(1_000_000).nullable().default(null)
const fraction = z.number().min(0).max(1)
const path = z.string().min(1)
/** The name of a project or a study. Folders have it, with a number behind it; it leads to no other folder. */
export const folderNameSchema = z.string().regex(/^(?!\.{1,2}$)[\w.-]{1,200}$/, says('mustBeFolderName'))
const seedStart = z.int().min(0).max(1_000_000_000)

/** Tasks, as the names of their pages; one name may stand alone. Names of suites stand for their tasks. */
const tasks = z.preprocess(
  (given) => (typeof given === 'string' ? [given] : given),
  z
    .array(z.string().min(1))
    .min(1)
    .meta({ examples: Object.keys(SUITES) })
    .transform(pagesOf),
)

const layer = z.int().min(0).max(999)
const LAYERS = /^\d{1,3}(-\d{1,3})?(\s*,\s*\d{1,3}(-\d{1,3})?)*$/

/** Numbers of layers: PEFT's number or list of them, or a text such as 12-23 for the layers from one to another. */
const layers = z
  .union([z.string().regex(LAYERS).transform(layersIn), layer.transform((one) => [one]), z.array(layer)], {
    error: () => says('mustBeLayers'),
  })
  .refine((given) => given.length > 0, says('mustBeLayers'))
  .transform((given) => [...new Set(given)].sort((a, b) => a - b))

/** The layers that a text of numbers and ranges names; none if a range goes from a number to a smaller one. */
function layersIn(text: string): number[] {
  const ranges = text.split(',').map((part) => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return { first, count: last - first + 1 }
  })
  if (ranges.some(({ count }) => count < 1)) return []
  return ranges.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i))
}

/**
 * The keys that SFT and preference training share. The names are TRL's, or the seed document's where it has its own.
 */
const optimizer = {
  warmup_steps: countOrNone.default(5),
  lr_scheduler_type: z.enum(['linear', 'cosine', 'constant', 'constant_with_warmup']).default('linear'),
  weight_decay: weight.default(0),
  max_grad_norm: weight.default(1),
}

export const LOSS_TYPES = ['sigmoid', 'ipo', 'hinge', 'robust', 'sigmoid_norm', 'kto', 'apo_zero'] as const

export const configSchema = z.strictObject({
  project: z
    .strictObject({
      name: folderNameSchema.default('dpo-driver'),
      seed: z.int().min(0).default(42),
    })
    .prefault({}),
  model: z
    .strictObject({
      base_model_name: path.default('models/base'),
      engine: z.enum(['auto', 'native', 'webgpu', 'tfjs-node-gpu', 'tfjs']).default('auto'),
      webgpu_host: z.enum(WEBGPU_HOSTS).default('auto'),
      webgpu_adapter: z.string().min(1).nullable().default(null),
      webgpu_power: z.enum(['auto', 'high-performance', 'low-power']).default('auto'),
      threads: z.literal('auto').or(count.max(1024)).default('auto'),
      precision: z.enum(['auto', ...PRECISIONS]).default('auto'),
      head_precision: z.enum(['auto', ...HEAD_PRECISIONS]).default('auto'),
      prompt: z.enum(['auto', ...PROMPT_STYLES]).default('auto'),
      max_new_tokens: count.max(4096).default(96),
      constrained: z.literal('auto').or(z.boolean()).default('auto'),
    })
    .prefault({}),
  paths: z
    .strictObject({
      sft_data: path.default('data/sft_golden_samples.jsonl'),
      preference_data: path.default('data/preferences/dpo_v1_data.jsonl'),
      sft_adapter_path: path.default('models/sft_v1_adapter'),
      dpo_adapter_path: path.default('models/dpo_v1_adapter'),
      store: path.default('data/lab.sqlite'),
      reports: path.default('reports'),
    })
    .prefault({}),
  environment: z
    .strictObject({
      miniwob: path.default('auto'),
      tasks_dir: path.nullable().default(null),
      pages: count.max(64).default(4),
      episode_time_limit: z.number().positive().max(3600).default(EPISODE_TIME_LIMIT),
      max_elements: count.max(10_000).default(100),
      max_chars: z.int().min(200).max(1_000_000).default(6000),
      trusted_input: z.boolean().default(true),
      pictures: z.boolean().default(false),
    })
    .prefault({}),
  tasks: tasks.default([...SUITES.default!]),
  golden: z
    .strictObject({
      samples_per_task: count.max(1000).default(1),
      held_out_per_task: countOrNone.max(1000).default(1),
      seed_start: seedStart.default(0),
    })
    .prefault({}),
  lora: z
    .strictObject({
      r: count.max(4096).default(8),
      lora_alpha: z.number().positive().max(65_536).default(16),
      lora_dropout: fraction.default(0),
      target_modules: z
        .array(z.enum(PROJECTIONS))
        .min(1)
        .default([...PROJECTIONS]),
      layers_to_transform: layers.nullable().default(null),
    })
    .prefault({}),
  training: z
    .strictObject({
      gradient_checkpointing: z.literal('auto').or(z.boolean()).default('auto'),
      sft: z
        .strictObject({
          learning_rate: learningRate.default(1e-3),
          max_steps: count.default(200),
          batch_size: batchSize.default(16),
          grad_accumulation_steps: batchSize.default(1),
          max_length: maxLength,
          ...optimizer,
          eval_steps: count.default(10),
          patience: count.default(4),
        })
        .prefault({}),
      dpo: z
        .strictObject({
          learning_rate: learningRate.default(5e-4),
          beta: z.number().positive().max(1000).default(0.1),
          max_steps: count.default(100),
          batch_size: batchSize.default(16),
          grad_accumulation_steps: batchSize.default(1),
          max_length: maxLength,
          ...optimizer,
          loss_type: z.enum(LOSS_TYPES).default('sigmoid'),
          label_smoothing: z.number().min(0).max(0.5).default(0),
          desirable_weight: weight.default(1),
          undesirable_weight: weight.default(1),
          rpo_alpha: weight.default(1),
          imitation: weight.default(1),
          replay: weight.default(0.5),
        })
        .prefault({}),
    })
    .prefault({}),
  collect: z
    .strictObject({
      seeds_per_task: count.default(16),
      attempts: count.max(1000).default(8),
      temperature: z.number().positive().max(100).default(0.8),
      top_p: z.number().positive().max(1).default(1),
      seed_start: seedStart.default(100_000),
      contrasts: z.enum(CONTRASTS).default('attempts'),
      hard_negatives: z.boolean().default(false),
      more_attempts: countOrNone.default(0),
      hint: z.boolean().default(false),
    })
    .prefault({}),
  validation: z
    .strictObject({
      num_episodes_per_task: count.default(8),
      seed_start: seedStart.default(500_000),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      tasks: tasks.nullable().default(null),
      num_episodes_per_task: count.default(20),
      seed_start: seedStart.default(1_000_000),
      controls: z.boolean().default(true),
      policy_gradients: z.array(z.enum(POLICY_GRADIENTS)).default([]),
      base: z.literal('auto').or(z.boolean()).default('auto'),
    })
    .prefault({}),
  tracking: z
    .strictObject({
      uri: z
        .string()
        .regex(/^(auto|file:.+|https?:\/\/[^\s@]+)$/, says('mustBeTrackingUri'))
        .nullable()
        .default('auto'),
      experiment: z.string().min(1).max(500).nullable().default(null),
      webhook: z
        .string()
        .max(2000)
        .regex(/^https?:\/\/[^\s@/?#]+([/?#]\S*)?$/, says('mustBeWebhook'))
        .nullable()
        .default(null),
    })
    .prefault({}),
  workers: z
    .strictObject({
      queue: z
        .string()
        .regex(/^rediss?:\/\/(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\/\d{1,4})?\/?$/, says('mustBeQueueAddress'))
        // A port over 65535, and an address in brackets that is none.
        .refine((address) => URL.canParse(address), says('mustBeQueueAddress'))
        .nullable()
        .default(null),
      prefix: z
        .string()
        .regex(/^[\w.-]{1,60}$/, says('mustBeName'))
        .default('dpo-driver'),
      one_kind: z.boolean().default(false),
    })
    .prefault({}),
  flywheel: z
    .strictObject({
      rounds: count.max(1000).default(1),
      patience: count.default(1),
    })
    .prefault({}),
})

/** A complete configuration: every key has a value. */
export type Config = z.output<typeof configSchema>
/** A configuration as a user writes it: every key is optional. */
export type ConfigInput = z.input<typeof configSchema>

/** Other trainers' names of keys, by the dotted path of the key here. */
export const ALIASES: Readonly<Record<string, string>> = {
  'training.sft.per_device_train_batch_size': 'training.sft.batch_size',
  'training.sft.gradient_accumulation_steps': 'training.sft.grad_accumulation_steps',
  'training.dpo.per_device_train_batch_size': 'training.dpo.batch_size',
  'training.dpo.gradient_accumulation_steps': 'training.dpo.grad_accumulation_steps',
  'lora.alpha': 'lora.lora_alpha',
  'lora.dropout': 'lora.lora_dropout',
}
