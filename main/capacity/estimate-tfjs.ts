/** The least memory that training on TensorFlow.js takes. It holds every number in float32. */
import type { ModelConfig } from '../engine/engine.ts'
import { adapterShapes, checkpointShapes, countNumbers, type LoraTargets } from '../engine/weights.ts'

/** Bytes, without activations and logits: how many of these autograd keeps is not known beforehand. */
export interface LeastMemory {
  readonly weights: number
  readonly adapter: number
  /** Gradients, and AdamW's two moments. */
  readonly optimizer: number
  readonly total: number
}

const FLOAT = 4

export function leastMemory(config: ModelConfig, lora: LoraTargets): LeastMemory {
  const weights = FLOAT * countNumbers(checkpointShapes(config))
  const adapter = FLOAT * countNumbers(adapterShapes(config, lora))
  const optimizer = 3 * adapter
  return { weights, adapter, optimizer, total: weights + adapter + optimizer }
}
