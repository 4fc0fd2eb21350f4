/** LoRA adapters (Hu et al. 2021, arXiv:2106.09685) as folders in PEFT's layout. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { PROJECTIONS } from '../config/choices.ts'
import { writeFileAtomic } from '../files/file.ts'
import { replaceFiles, settleFolder } from '../files/folder.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import type { LoraConfig, Qwen2Config, Tensor, Tensors } from './engine.ts'
import { checkTensors, parseJsonFile, readOptional } from './model-file.ts'
import { uniformStream } from './random.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import { adapterShapes } from './weights.ts'

/** The files of an adapter. Whatever else is in its folder belongs to the user. */
export const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors'] as const

export interface Adapter {
  readonly lora: LoraConfig
  readonly tensors: Tensors
  /** PEFT's base_model_name_or_path: the model that the adapter was trained on, if known. */
  readonly baseModelName: string | null
}

/**
 * The tensors of a new adapter, initialised as in PEFT: lora_A uniform within 1 / sqrt(in) (Kaiming with a = sqrt(5)), and
 * lora_B zero, so that the model starts as the base model.
 */
export function initLora(config: Qwen2Config, lora: LoraConfig, seed: number): Tensors {
  const uniform = uniformStream(seed)
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of adapterShapes(config, lora)) {
    const data = new Float32Array(shape[0]! * shape[1]!)
    if (name.endsWith('.lora_A.weight')) {
      const bound = 1 / Math.sqrt(shape[1]!)
      for (let i = 0; i < data.length; i++) data[i] = bound * (2 * uniform() - 1)
    }
    tensors.set(name, { shape, data })
  }
  return tensors
}

/** Writes adapter_config.json and adapter_model.safetensors, both or none. Other files of the folder stay. */
export async function saveAdapter(
  folder: string,
  lora: LoraConfig,
  tensors: Tensors,
  baseModelName: string | null,
): Promise<void> {
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModelName,
    revision: null,
    inference_mode: true,
    r: lora.r,
    lora_alpha: lora.lora_alpha,
    lora_dropout: lora.lora_dropout,
    target_modules: lora.target_modules,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
    layers_pattern: null,
    modules_to_save: null,
  }
  await replaceFiles(folder, (next) => {
    writeFileAtomic(join(next, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`)
    writeSafetensors(join(next, 'adapter_model.safetensors'), tensors)
  })
}

const off = z.literal(false).nullish()
const none = z.union([z.null(), z.array(z.never()), z.strictObject({})]).optional()

/** PEFT's options. Those that change the computation are applied or refused; others are ignored. */
const configSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  task_type: z.literal('CAUSAL_LM').nullish(),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  target_modules: z.array(z.enum(PROJECTIONS)).min(1),
  bias: z.literal('none').default('none'),
  fan_in_fan_out: off,
  use_rslora: off,
  use_dora: off,
  use_qalora: off,
  use_bdlora: off,
  lora_bias: off,
  rank_pattern: none,
  alpha_pattern: none,
  layers_to_transform: none,
  layer_replication: none,
  modules_to_save: none,
  target_parameters: none,
  trainable_token_indices: none,
  alora_invocation_tokens: none,
})

/**
 * Parses the text of an adapter_config.json. The projections are in the model's order.
 * @throws UserError if the text is not JSON, or the adapter needs something that this lab does not compute.
 */
export function parseAdapterConfig(file: string, text: string): Pick<Adapter, 'lora' | 'baseModelName'> {
  const parsed = parseJsonFile(file, text, configSchema, message('plainLoraOnly'))
  const { r, lora_alpha, lora_dropout, base_model_name_or_path } = parsed
  const target_modules = PROJECTIONS.filter((projection) => parsed.target_modules.includes(projection))
  return { lora: { r, lora_alpha, lora_dropout, target_modules }, baseModelName: base_model_name_or_path ?? null }
}

/**
 * Reads an adapter folder for the given model.
 * @throws UserError if a file is missing or cut off, the adapter needs something that this lab does not compute, or its
 *   tensors do not fit the model.
 */
export async function loadAdapter(folder: string, config: Qwen2Config): Promise<Adapter> {
  settleFolder(folder)
  const configFile = join(folder, 'adapter_config.json')
  const text = await readOptional(configFile)
  if (text === undefined) {
    throw new UserError('adapterConfigMissing', { file: configFile })
  }
  const { lora, baseModelName } = parseAdapterConfig(configFile, text)
  const file = join(folder, 'adapter_model.safetensors')
  if (!existsSync(file) && existsSync(join(folder, 'adapter_model.bin'))) {
    throw new UserError('adapterInPickle', { file })
  }
  const tensors = await readSafetensors(file)
  checkTensors(tensors, adapterShapes(config, lora), () => file)
  return { lora, tensors, baseModelName }
}
