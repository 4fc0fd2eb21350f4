/** The least memory that training on TensorFlow.js takes. It holds every number in float32. */
import type { LoraConfig, Qwen2Config } from '../engine/engine.ts'
import { adapterShapes, checkpointShapes, countNumbers } from '../engine/weights.ts'

/** Bytes, without activations and logits: how many of these autograd keeps is not known beforehand. */
export interface LeastMemory {
  readonly weights: number
  readonly adapter: number
  /** Gradients, and AdamW's two moments. */
  readonly optimizer: number
  readonly total: number
}

const FLOAT = 4

export function leastMemory(config: Qwen2Config, lora: Pick<LoraConfig, 'r' | 'target_modules'>): LeastMemory {
  const weights = FLOAT * countNumbers(checkpointShapes(config))
  const adapter = FLOAT * countNumbers(adapterShapes(config, { ...lora, lora_alpha: 1, lora_dropout: 0 }))
  const optimizer = 3 * adapter
  return { weights, adapter, optimizer, total: weights + adapter + optimizer }
}
