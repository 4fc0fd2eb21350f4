/** What a model on this machine is, from its headers alone. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { parseModelConfig } from '../checkpoint/config-json.ts'
import { openSafetensors } from '../checkpoint/safetensors.ts'
import { lacking, weightNames } from '../checkpoint/snapshot.ts'
import type { ModelConfig } from '../engine.ts'
import { modelConfigOf } from '../gguf/config.ts'
import { openGguf } from '../gguf/parts.ts'
import { declaredTokenizer } from '../gguf/tokenizer.ts'
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

/** Describes a GGUF file, with the parts that belong to it. Reads its header, and never throws. */
export function describeGguf(file: string): Description {
  const nothing: Description = {
    family: null,
    parameters: null,
    precision: null,
    bytes: sizeOf(file),
    shape: null,
    problem: null,
  }
  let family: string | null = null
  try {
    const gguf = openGguf(file)
    const { metadata, tensors } = gguf
    const kind = metadata.get('general.type') ?? 'model'
    family = textOf(metadata.get('general.architecture'))
    const known: Description = {
      ...nothing,
      family,
      bytes: gguf.files.reduce((sum, part) => sum + sizeOf(part), 0),
      precision: fileTypeOf(metadata.get('general.file_type')) ?? mostOf(tensors.values()),
    }
    if (kind !== 'model') return { ...known, problem: message('modelOfAnotherKind', { kind: textOf(kind) ?? '-' }) }
    const shape = modelConfigOf(gguf)
    declaredTokenizer(gguf)
    return { ...known, shape, parameters: countNumbers(checkpointShapes(shape)) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { ...nothing, family, problem: inShort(error, family) }
  }
}

/** llama.cpp's names for mixtures of types, by the number in `general.file_type` (llama_ftype in llama.h). */
const FILE_TYPES: Readonly<Record<number, string>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  7: 'Q8_0',
  8: 'Q5_0',
  9: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K_S',
  12: 'Q3_K_M',
  13: 'Q3_K_L',
  14: 'Q4_K_S',
  15: 'Q4_K_M',
  16: 'Q5_K_S',
  17: 'Q5_K_M',
  18: 'Q6_K',
  21: 'Q2_K_S',
  32: 'BF16',
}

function fileTypeOf(value: unknown): string | undefined {
  return typeof value === 'number' ? FILE_TYPES[value] : undefined
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** The type of most bytes. */
function mostOf(
  tensors: Iterable<{ readonly type: string; readonly begin: number; readonly end: number }>,
): string | null {
  const sizes = new Map<string, number>()
  for (const { type, begin, end } of tensors) sizes.set(type, (sizes.get(type) ?? 0) + end - begin)
  return [...sizes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null
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
  return mostOf([...entries.values()].map(({ dtype, begin, end }) => ({ type: dtype, begin, end })))
}

/** An error in a few words, for a list: without the file's name and the cure, and of another family the family alone. */
function inShort(error: UserError, family: string | null): Message {
  const [first] = error.messages
  if (first === undefined) return message('modelUnreadable')
  const { key, demand, type, missing } = first.values
  switch (first.id) {
    case 'fileNotJson':
    case 'fileUnreadable':
      return message('modelUnreadable')
    case 'ggufArchitecture':
      return message('modelOtherFamily', { family: family ?? '-' })
    case 'ggufTypeUnsupported':
      return message('modelTypeUnsupported', { type: type ?? '-' })
    case 'ggufPartMissing':
      return message('modelLacks', { missing: missing ?? '-' })
    case 'ggufTokenizer':
    case 'ggufPreTokenizer':
      return message('modelOtherTokenizer')
    case 'ggufTemplateMissing':
      return message('modelLacks', { missing: message('chatTemplate') })
    case 'ggufMagicMissing':
    case 'ggufCutOff':
    case 'ggufTensorCutOff':
    case 'ggufHeaderTooLong':
    case 'ggufDamaged':
      return message('modelDamaged')
    case 'fileKeyWrong':
      if (key === 'model_type' && family !== null) return message('modelOtherFamily', { family })
      if (key === 'quantization_config' || key === 'compression_config') return message('modelQuantized')
      return message('modelKeyUnsupported', { key: key ?? '-', demand: demand ?? '-' })
    default:
      return first
  }
}

/** Bytes of a file; 0 if it is not there. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}
