/** What a model on this machine is, from its headers alone. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { parseModelConfig } from '../config-json.ts'
import type { ModelConfig } from '../engine.ts'
import { byteLength, openSafetensors } from '../safetensors.ts'
import { lacking, weightNames } from '../snapshot.ts'
import { checkpointShapes, countNumbers } from '../weights.ts'
import { smallText } from './small-text.ts'

export interface Description {
  /** The architecture's name, as model_type or general.architecture has it; null if the files do not say it. */
  readonly family: string | null
  /** Numbers in all tensors; null if the lab does not know the architecture. */
  readonly parameters: number | null
  /** How most weights are stored: BF16, Q4_K_M; null if that cannot be read. */
  readonly precision: string | null
  /** Bytes of the files with weights. */
  readonly bytes: number
  readonly shape: ModelConfig | null
  /** In a few words, why the lab cannot use it; null if it can. */
  readonly problem: Message | null
}

/** Keys of a config.json that other families have too. */
const anyConfigSchema = z.looseObject({ model_type: z.string().max(100) })

/** Describes a folder with a checkpoint in Hugging Face layout. Reads a small part of each file, and never throws. */
export async function describeFolder(folder: string): Promise<Description> {
  const file = join(folder, 'config.json')
  const text = smallText(file) ?? ''
  const nothing: Description = {
    family: familyOf(text),
    parameters: null,
    precision: null,
    bytes: weightNames(folder).reduce((sum, name) => sum + sizeOf(join(folder, name)), 0),
    shape: null,
    problem: null,
  }
  try {
    const shape = parseModelConfig(file, text)
    const known = { ...nothing, shape, parameters: countNumbers(checkpointShapes(shape)) }
    const missing = lacking(folder)
    if (missing.length > 0) return { ...known, problem: message('modelLacks', { missing }) }
    return { ...known, precision: await precisionOf(join(folder, weightNames(folder)[0]!)) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { ...nothing, problem: inShort(error, nothing.family) }
  }
}

function familyOf(config: string): string | null {
  try {
    return anyConfigSchema.parse(JSON.parse(config)).model_type
  } catch {
    return null
  }
}

/** The dtype of most bytes of a file's tensors. */
async function precisionOf(file: string): Promise<string | null> {
  const { entries, close } = await openSafetensors(file)
  await close()
  const sizes = new Map<string, number>()
  for (const { dtype, shape } of entries.values()) sizes.set(dtype, (sizes.get(dtype) ?? 0) + byteLength(dtype, shape))
  return [...sizes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

/** Why a config.json is refused: the family alone where that is another, else the key. */
function inShort(error: UserError, family: string | null): Message {
  const [first] = error.messages
  if (first === undefined || first.id === 'fileNotJson') return message('modelUnreadable')
  const { key, demand } = first.values
  if (first.id !== 'fileKeyWrong' || key === undefined || demand === undefined) return first
  if (key === 'model_type' && family !== null) return message('modelOtherFamily', { family })
  if (key === 'quantization_config' || key === 'compression_config') return message('modelQuantized')
  return message('modelKeyUnsupported', { key, demand })
}

/** Bytes of a file; 0 if it is not there. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}
