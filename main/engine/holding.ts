/** Chooses how the native engine holds a model's weights on this machine, and counts the bytes. */
import type { HeadPrecision, Precision } from '../config/choices.ts'
import { UserError } from '../messages/error.ts'
import type { Holding, ModelConfig } from './engine.ts'
import { memoryHere } from './machine.ts'
import { isBuilt, loadAddon } from './native/addon.ts'
import { checkpointShapes } from './weights.ts'

export interface HoldingOptions {
  /** The form of the weights. 'auto' (the default) is as exact as this machine's memory allows. */
  readonly precision?: 'auto' | Precision
  /** The form of embedding and head unless `precision` is fp32. 'auto' (the default) is bf16, or int8 beside int8 and NF4. */
  readonly headPrecision?: 'auto' | HeadPrecision
  /**
   * Whether backward recomputes activations. 'auto' (the default) does so unless `precision` is fp32, for the layers whose
   * activations do not fit into an eighth of memory or a quarter of what is free.
   */
  readonly gradientCheckpointing?: 'auto' | boolean
}

/**
 * Resolves 'auto': float32 if weights with their packed copies take at most a quarter of `memory` bytes, bf16 or int8 if such
 * weights take at most half, else NF4. Unless weights are float32, activations are recomputed beyond an eighth of memory and
 * a quarter of the `free` bytes. That changes no result.
 */
export function chooseHolding(
  config: ModelConfig,
  { precision = 'auto', headPrecision = 'auto', gradientCheckpointing = 'auto' }: HoldingOptions,
  memory: number = memoryHere().total,
  free: number = memoryHere().available,
): Omit<Holding, 'threads'> {
  storedAs(precision === 'auto' ? 'fp32' : precision)
  const packedBytes = precision !== 'fp32' && hasBf16Products() ? 2 : 4
  const bytesIn = (chosen: Precision) =>
    weightBytes(config, { precision: chosen, headPrecision: headOf(chosen), packedBytes })
  const chosen = precision === 'auto' ? mostExact(bytesIn, memory) : precision
  return {
    precision: chosen,
    headPrecision: headPrecision === 'auto' ? headOf(chosen) : headPrecision,
    gradientCheckpointing: gradientCheckpointing === 'auto' ? chosen !== 'fp32' : gradientCheckpointing,
    keptBytes: gradientCheckpointing === 'auto' ? Math.floor(Math.min(memory / 8, free / 4)) : 0,
    packedBytes,
  }
}

/** What the native engine calls a precision. Throws UserError for one that it does not have. */
export function storedAs(precision: Precision): 'float32' | 'bf16' | 'int8' | 'nf4' {
  if (precision === 'fp16') throw new UserError('precisionNeedsCard', { precision })
  return precision === 'fp32' ? 'float32' : precision
}

/** The most exact form of weights for so much memory: float32 may take a quarter of it, bf16 and int8 half of it, else NF4. */
export function mostExact(bytesIn: (precision: Precision) => number, memory: number): Precision {
  if (bytesIn('fp32') <= memory / 4) return 'fp32'
  return (['bf16', 'int8'] as const).find((one) => bytesIn(one) <= memory / 2) ?? 'nf4'
}

/** The form of embedding and head beside layers of this one, if nothing else is chosen. */
export function headOf(precision: Precision): HeadPrecision {
  return precision === 'int8' || precision === 'nf4' ? 'int8' : 'bf16'
}

function hasBf16Products(): boolean {
  return isBuilt() && loadAddon().bf16Products
}

const FLOAT = 4
/**
 * Bytes a number. int8 has a byte, plus two for each 32 numbers of a row. NF4 has half a byte, plus a byte for each 64 numbers
 * and a float for each 64 x 256.
 */
const BYTES = { bf16: 2, fp16: 2, int8: 1 + 2 / 32, nf4: 0.5 + 1 / 64 + FLOAT / (64 * 256) } as const

/** Bytes of the base model, with the packed copies of float32 weights. */
export function weightBytes(
  config: ModelConfig,
  { precision, headPrecision, packedBytes }: Pick<Holding, 'precision' | 'headPrecision' | 'packedBytes'>,
): number {
  let bytes = 0
  for (const [name, shape] of checkpointShapes(config)) {
    const numbers = shape.reduce((product, n) => product * n, 1)
    const outer = name === 'model.embed_tokens.weight' || name === 'lm_head.weight'
    if (shape.length === 1) bytes += FLOAT * numbers
    else if (precision !== 'fp32') bytes += numbers * BYTES[outer ? headPrecision : precision]
    else {
      // Every matrix of a product has packed copies for forward and backward, beside its numbers.
      const multiplied = name !== 'model.embed_tokens.weight' || config.tie_word_embeddings
      bytes += numbers * (FLOAT + (multiplied ? 2 * packedBytes : 0))
    }
  }
  return bytes
}
