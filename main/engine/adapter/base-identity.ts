/** Tells whether an adapter was trained on the base model that it is loaded for. */
import { createHash } from 'node:crypto'
import { openCheckpoint } from '../checkpoint/checkpoint.ts'
import type { OpenCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { checkpointShapes } from '../weights.ts'

/** The key of the fingerprint among the free texts of an adapter's safetensors file. */
export const FINGERPRINT = 'base_model_fingerprint'

/** Raise it when fingerprints are made otherwise. */
const FORM = 1
/** Pieces that are read of each tensor, evenly spaced, and their length in bytes. */
const SAMPLES = 8
const SAMPLE_BYTES = 64

/** The base model beside which an adapter is loaded. */
export interface BaseModel {
  /** As the configuration names it. */
  readonly name: string
  /** The folder of its checkpoint, or its GGUF file. */
  readonly folder: string
}

/** The fingerprint of a base model's weights, for `saveAdapter`. @throws UserError if its files are not usable. */
export async function fingerprintOf({ folder }: BaseModel): Promise<string> {
  const checkpoint = await openCheckpoint(folder)
  try {
    return await baseFingerprint(checkpoint)
  } finally {
    await checkpoint.close()
  }
}

/**
 * A short text that identifies a checkpoint's weights: a hash of names, shapes, types, and samples of each tensor's bytes.
 * It is the same however the tensors are spread over files. Reads half a kilobyte a tensor.
 */
export async function baseFingerprint(checkpoint: OpenCheckpoint): Promise<string> {
  const hash = createHash('sha256')
  const types = new Set<string>()
  for (const [name, shape] of [...checkpointShapes(checkpoint.config)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { type, bytes } = checkpoint.storedAs(name)
    types.add(type)
    hash.update(`${name} ${type} ${shape.join('x')}\n`)
    const piece = new Uint8Array(Math.min(SAMPLE_BYTES, bytes))
    for (let sample = 0; sample < SAMPLES; sample++) {
      await checkpoint.readBytes(name, Math.floor(((bytes - piece.length) * sample) / (SAMPLES - 1)), piece)
      hash.update(piece)
    }
  }
  return `${FORM}:${[...types].sort().join('+')}:${hash.digest('hex')}`
}

/** Whether two fingerprints are of the same weights; null if they cannot tell, as the types differ. */
export function sameBase(a: string, b: string): boolean | null {
  if (a === b) return true
  const form = (fingerprint: string) => fingerprint.slice(0, fingerprint.lastIndexOf(':'))
  return form(a) === form(b) ? false : null
}

/**
 * Whether two values of base_model_name_or_path can mean the same model. Folders of other machines and of the Hugging Face
 * cache are known by the model's name in them, and so are Unsloth's copies in 4 bits, and GGUF files that keep the name.
 */
export function sameModelName(a: string, b: string): boolean {
  return modelName(a) === modelName(b)
}

function modelName(path: string): string {
  const cached = /models--(?:[^/\\]+?--)?([^/\\]+)[/\\]snapshots[/\\]/.exec(`${path}/`)?.[1]
  const last = path.split(/[/\\]/).findLast((part) => part !== '' && part !== '.')
  const name = (cached ?? last ?? '').toLowerCase()
  return name.replace(/(-unsloth)?-bnb-4bit$/, '').replace(GGUF_NAME, '')
}

/** The ending of a GGUF file's name: precision, part. llama.cpp writes -Q4_K_M or .Q4_K_M, and -00001-of-00003. */
const GGUF_NAME = /([-.](i?q\d\w*|fp16|b?f16|f32))?(-\d{5}-of-\d{5})?\.gguf$/
