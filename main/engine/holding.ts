/** How the native engine holds a model's weights: the form that fits a machine, and the bytes that it takes. */
import { totalmem } from 'node:os'
import type { HeadPrecision, Precision } from '../config/choices.ts'
import type { Holding, Qwen2Config } from './engine.ts'
import { isBuilt, loadAddon } from './native/addon.ts'
import { checkpointShapes } from './weights.ts'

export interface HoldingOptions {
  /** How the native engine holds the weights; 'auto' (the default) as exact as this machine's memory allows. */
  readonly precision?: 'auto' | Precision
  /** Of embedding and head, where `precision` is not fp32; 'auto' (the default) is bf16, or int8 beside NF4. */
  readonly headPrecision?: 'auto' | HeadPrecision
  /** Whether backward makes activations again; 'auto' (the default) where `precision` is not fp32. */
  readonly gradientCheckpointing?: 'auto' | boolean
}

/**
 * What 'auto' stands for: float32 where weights with their packed copies take at most a quarter of `memory` bytes, bf16
 * where they take at most half, else NF4; activations are made again where weights are not float32.
 */
export function chooseHolding(
  config: Qwen2Config,
  { precision = 'auto', headPrecision = 'auto', gradientCheckpointing = 'auto' }: HoldingOptions,
  memory: number = totalmem(),
): Omit<Holding, 'threads'> {
  const packedBytes = precision !== 'fp32' && hasBf16Products() ? 2 : 4
  const fits = (chosen: Precision, share: number) =>
    weightBytes(config, { precision: chosen, headPrecision: 'bf16', packedBytes }) <= share * memory
  const auto = () => (fits('fp32', 1 / 4) ? 'fp32' : fits('bf16', 1 / 2) ? 'bf16' : 'nf4')
  const chosen = precision === 'auto' ? auto() : precision
  return {
    precision: chosen,
    headPrecision: headPrecision === 'auto' ? (chosen === 'nf4' ? 'int8' : 'bf16') : headPrecision,
    gradientCheckpointing: gradientCheckpointing === 'auto' ? chosen !== 'fp32' : gradientCheckpointing,
    packedBytes,
  }
}

function hasBf16Products(): boolean {
  return isBuilt() && loadAddon().bf16Products
}

const FLOAT = 4
/** Bytes a number: NF4 has a byte each 64 numbers besides, and a float each 64 x 256. */
const BYTES = { bf16: 2, int8: 1, nf4: 0.5 + 1 / 64 + FLOAT / (64 * 256) } as const

/** Bytes of the base model, with the packed copies that stand beside float32 weights. */
export function weightBytes(
  config: Qwen2Config,
  { precision, headPrecision, packedBytes }: Pick<Holding, 'precision' | 'headPrecision' | 'packedBytes'>,
): number {
  let bytes = 0
  for (const [name, shape] of checkpointShapes(config)) {
    const numbers = shape.reduce((product, n) => product * n, 1)
    const outer = name === 'model.embed_tokens.weight' || name === 'lm_head.weight'
    if (shape.length === 1) bytes += FLOAT * numbers
    else if (precision !== 'fp32') bytes += numbers * BYTES[outer ? headPrecision : precision]
    else {
      // Packed copies for forward and backward stand beside the numbers, of all that is multiplied by.
      const multiplied = name !== 'model.embed_tokens.weight' || config.tie_word_embeddings
      bytes += numbers * (FLOAT + (multiplied ? 2 * packedBytes : 0))
    }
  }
  return bytes
}
