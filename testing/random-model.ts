/** Small random models and adapters, for tests and benches. The same seed gives the same weights on every machine. */

import { PROJECTIONS } from '../main/config/choices.ts'
import type { LoraConfig, LoraModule, ModelConfig, Tensor, Tensors } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'
import { uniformStream } from '../main/engine/random.ts'
import { adapterShapes, checkpointShapes, projectionName, type Shapes } from '../main/engine/weights.ts'

/** A decoder that computes in a millisecond and has the parts of a large one: layers, and queries that share keys. */
export const TINY = qwen2({
  vocab_size: 20,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
})

/**
 * Weights of a Qwen2 decoder: normal with standard deviation `std` (default 0.02, Qwen2's initializer_range), also for
 * biases, and norms around 1. So no gradient is trivial.
 */
export function randomModel(config: ModelConfig, seed: number, std = 0.02): Tensors {
  return fill(checkpointShapes(config), seed, std)
}

/** Tensors of a LoRA adapter. Unlike in a new adapter, B is not zero, so that no gradient is trivial. */
export function randomAdapter(config: ModelConfig, lora: LoraConfig, seed: number, std = 0.02): Tensors {
  return fill(adapterShapes(config, lora), seed, std)
}

/**
 * An adapter whose modules differ: no module in the lower layers if `lowest` is above 0, then one in every layer but the
 * last, and several of other ranks and scales in the last.
 */
export function mixedLora(config: ModelConfig, lowest = 0): LoraConfig {
  const last = config.num_hidden_layers - 1
  const modules = new Map<string, LoraModule>()
  for (let layer = lowest; layer < last; layer++) modules.set(projectionName(layer, 'v_proj'), { r: 1, lora_alpha: 2 })
  modules.set(projectionName(last, 'q_proj'), { r: 2, lora_alpha: 4 })
  modules.set(projectionName(last, 'k_proj'), { r: 5, lora_alpha: 4 })
  modules.set(projectionName(last, 'gate_proj'), { r: 3, lora_alpha: 9 })
  modules.set(projectionName(last, 'up_proj'), { r: 3, lora_alpha: 9 })
  modules.set(projectionName(last, 'down_proj'), { r: 4, lora_alpha: 1 })
  const target_modules = PROJECTIONS.filter((one) => [...modules.keys()].some((name) => name.endsWith(one)))
  return { r: 2, lora_alpha: 4, lora_dropout: 0.2, use_rslora: true, target_modules, modules }
}

function fill(shapes: Shapes, seed: number, std: number): Tensors {
  const next = normal(seed)
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of shapes) {
    const mean = name.endsWith('norm.weight') ? 1 : 0
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1)).map(() => mean + std * next())
    tensors.set(name, { shape, data })
  }
  return tensors
}

/** Standard normal numbers by Box and Muller. */
function normal(seed: number): () => number {
  const uniform = uniformStream(seed)
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}
