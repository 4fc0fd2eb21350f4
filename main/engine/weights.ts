/** The tensors of a checkpoint and of a PEFT adapter, with their shapes. */
import type { Projection } from '../config/choices.ts'
import type { LoraConfig, ModelConfig } from './engine.ts'
import { FAMILIES } from './families.ts'

/** Shapes by tensor name. */
export type Shapes = ReadonlyMap<string, readonly number[]>

/** The block of a decoder layer that contains a projection. */
const BLOCK: Readonly<Record<Projection, 'self_attn' | 'mlp'>> = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
}

/** Shape of a projection's weight, [out, in]. */
export function projectionShape(config: ModelConfig, projection: Projection): readonly [number, number] {
  const hidden = config.hidden_size
  const queries = config.head_dim * config.num_attention_heads
  const keys = config.head_dim * config.num_key_value_heads
  switch (projection) {
    case 'q_proj':
      return [queries, hidden]
    case 'o_proj':
      return [hidden, queries]
    case 'k_proj':
    case 'v_proj':
      return [keys, hidden]
    case 'gate_proj':
    case 'up_proj':
      return [config.intermediate_size, hidden]
    case 'down_proj':
      return [hidden, config.intermediate_size]
  }
}

/** Name of a projection in the checkpoint, without `.weight` or `.bias`. */
export function projectionName(layer: number, projection: Projection): string {
  return `model.layers.${layer}.${BLOCK[projection]}.${projection}`
}

/** Every tensor of a checkpoint with its shape, in the model's order; `lm_head.weight` only if it is not tied. */
export function checkpointShapes(config: ModelConfig): Shapes {
  const shapes = new Map<string, readonly number[]>()
  const hidden = config.hidden_size
  shapes.set('model.embed_tokens.weight', [config.vocab_size, hidden])
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    shapes.set(`model.layers.${layer}.input_layernorm.weight`, [hidden])
    for (const projection of ['q_proj', 'k_proj', 'v_proj'] as const) {
      const shape = projectionShape(config, projection)
      shapes.set(`${projectionName(layer, projection)}.weight`, shape)
      if (config.attention_bias) shapes.set(`${projectionName(layer, projection)}.bias`, [shape[0]])
    }
    shapes.set(`${projectionName(layer, 'o_proj')}.weight`, projectionShape(config, 'o_proj'))
    if (FAMILIES[config.model_type].qk_norm) {
      for (const norm of ['q_norm', 'k_norm'])
        shapes.set(`model.layers.${layer}.self_attn.${norm}.weight`, [config.head_dim])
    }
    shapes.set(`model.layers.${layer}.post_attention_layernorm.weight`, [hidden])
    for (const projection of ['gate_proj', 'up_proj', 'down_proj'] as const) {
      shapes.set(`${projectionName(layer, projection)}.weight`, projectionShape(config, projection))
    }
  }
  shapes.set('model.norm.weight', [hidden])
  if (!config.tie_word_embeddings) shapes.set('lm_head.weight', [config.vocab_size, hidden])
  return shapes
}

/** How many numbers tensors of these shapes have. */
export function countNumbers(shapes: Shapes): number {
  return [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0)
}

/** A projection of one layer that an adapter adds to: scale B A. */
export interface AdaptedModule {
  /** In the checkpoint, without `.weight`. */
  readonly name: string
  readonly layer: number
  readonly projection: Projection
  readonly r: number
  readonly scale: number
}

/** The modules that an adapter adapts, layer by layer. */
export function adaptedModules(config: ModelConfig, lora: LoraTargets): AdaptedModule[] {
  const all = Array.from({ length: config.num_hidden_layers }, (_, layer) => layer)
  const layers = all.filter((layer) => lora.layers_to_transform?.includes(layer) ?? true)
  return layers.flatMap((layer) =>
    lora.target_modules.flatMap((projection) => {
      const name = projectionName(layer, projection)
      if (lora.modules?.has(name) === false) return []
      return [{ name, layer, projection, r: (lora.modules?.get(name) ?? lora).r, scale: loraScale(lora, name) }]
    }),
  )
}

/** What determines the adapted modules and their shapes. */
export type LoraTargets = Pick<LoraConfig, 'r' | 'target_modules' | 'modules'> & Partial<LoraConfig>

/** The factor of B A in a module. */
export function loraScale(lora: LoraTargets, name: string): number {
  const { r, lora_alpha = r } = lora.modules?.get(name) ?? lora
  return lora_alpha / (lora.use_rslora === true ? Math.sqrt(r) : r)
}

/** Every tensor of a PEFT adapter with its shape: per adapted module lora_A [r, in] and lora_B [out, r]. */
export function adapterShapes(config: ModelConfig, lora: LoraTargets): Shapes {
  return new Map(
    adaptedModules(config, lora).flatMap(({ name, projection, r }): [string, readonly number[]][] => {
      const [outputs, inputs] = projectionShape(config, projection)
      const [a, b] = loraTensors(name)
      return [
        [a, [r, inputs]],
        [b, [outputs, r]],
      ]
    }),
  )
}

/** The names of a module's lora_A and lora_B in PEFT's file. */
export function loraTensors(module: string): readonly [string, string] {
  return [`base_model.model.${module}.lora_A.weight`, `base_model.model.${module}.lora_B.weight`]
}

/** The lowest layer that an adapter adapts; 0 where it adapts none. Training computes no gradient below it. */
export function lowestLayer(config: ModelConfig, lora: LoraTargets): number {
  return adaptedModules(config, lora)[0]?.layer ?? 0
}

/** The most that the ranks of one layer sum up to. */
export function layerRank(config: ModelConfig, lora: LoraTargets): number {
  const ranks = new Array<number>(config.num_hidden_layers).fill(0)
  for (const { layer, r } of adaptedModules(config, lora)) ranks[layer]! += r
  return Math.max(...ranks)
}
