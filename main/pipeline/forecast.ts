/** What a configuration will need of the machine, told before anything is loaded. */
import type { Config } from '../config/schema.ts'
import type { EngineKind } from '../engine/engine.ts'
import type { MemoryEstimate } from '../engine/estimate.ts'
import { type LeastMemory, leastMemory } from '../engine/estimate-tfjs.ts'
import { engineOf } from '../engine/load.ts'
import { architectureOf, planMemory } from './memory.ts'

/** What is known before of training on TensorFlow.js. */
export interface LeastPlan {
  readonly engine: EngineKind
  readonly estimate: LeastMemory
  /** Of a DPO step of the native engine with NF4 weights, to compare. */
  readonly native: MemoryEstimate
  /** Bytes that can be had here now. */
  readonly free: number
}

/** What TensorFlow.js takes at the least, beside a step of the native engine on prompts and completions so long. Throws UserError where the model is neither here nor of a published size. */
export function planLeast(config: Config, prompt: number, completion: number): LeastPlan {
  const nf4: Config = { ...config, model: { ...config.model, engine: 'native', precision: 'nf4' } }
  return {
    engine: engineOf(config.model.engine),
    estimate: leastMemory(architectureOf(config.model.base_model_name), config.lora),
    native: planMemory(nf4, prompt, completion).estimate,
    free: process.availableMemory(),
  }
}
