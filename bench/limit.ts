/** The least time for a case: counts the arithmetic and the memory traffic that it cannot avoid. */

import { PROJECTIONS } from '../main/config/choices.ts'
import type { Forest, LoraConfig, ModelConfig } from '../main/engine/engine.ts'
import { adapterShapes, checkpointShapes, lowestLayer, projectionShape, type Shapes } from '../main/engine/weights.ts'

/** Floating-point operations (a multiplication and an addition are two), and moved bytes of weights, states and caches. */
export interface Work {
  readonly flops: number
  readonly bytes: number
}

/**
 * The peak of all cores together: operations a second with fp32 sums, on bf16 numbers if the machine has instructions for
 * them; and bytes a second from the memory or cache that holds the weights.
 */
export interface Peak {
  readonly flops: number
  readonly bytes: number
}

const FLOAT = 4

/** Bytes of a weight as our fastest engine reads it. */
export const WEIGHT_BYTES = 2

/** The fewest seconds for the work. Arithmetic and traffic overlap, so it is the longer of the two. */
export function leastSeconds({ flops, bytes }: Work, peak: Peak): number {
  return Math.max(flops / peak.flops, bytes / peak.bytes)
}

/**
 * A forward pass over the forest with logits at its targets: 2 operations for each weight and token; attention's two
 * products, each with 2 operations a number of q for every token that a token sees; 2 * hidden_size * vocab_size a target.
 */
export function forwardWork(config: ModelConfig, forest: Forest): Work {
  const { linear, attention, head } = forwardFlops(config, forest)
  return { flops: linear + attention + head, bytes: FLOAT * elements(checkpointShapes(config)) }
}

/**
 * A training step: forward, backward, AdamW. Backward costs each product twice (by its input and by its weight), or once
 * for frozen weights with LoRA, or not at all below the lowest adapted layer; nothing is recomputed. AdamW reads weight,
 * gradient and both moments, and writes all but the gradient.
 */
export function stepWork(config: ModelConfig, forest: Forest, lora: LoraConfig | null): Work {
  const { linear, attention, head } = forwardFlops(config, forest)
  const weights = elements(checkpointShapes(config))
  const trained = lora === null ? weights : elements(adapterShapes(config, lora))
  const frozen = lora === null ? 3 : 2
  // The share of the layers that backward reaches.
  const reached = lora === null ? 1 : 1 - lowestLayer(config, lora) / config.num_hidden_layers
  const adapter = lora === null ? 0 : 3 * 2 * rows(forest) * trained
  return {
    flops: frozen * head + (1 + (frozen - 1) * reached) * linear + (1 + 2 * reached) * attention + adapter,
    bytes: FLOAT * (2 * weights + 7 * trained),
  }
}

/**
 * Greedy completions of `count` tokens: a pass over the prompts, then for every token all weights (`weightBytes` each) and
 * all earlier keys and values.
 */
export function generationWork(
  config: ModelConfig,
  prompts: readonly Int32Array[],
  count: number,
  weightBytes: number = FLOAT,
): { readonly prompt: Work; readonly tokens: readonly Work[] } {
  const roots = prompts.map((tokens) => ({ tokens, parent: -1, targetStart: tokens.length }))
  const headOnce = 2 * config.hidden_size * config.vocab_size * prompts.length
  const prefill = forwardWork(config, roots)
  const keyValues = 2 * config.num_hidden_layers * projectionShape(config, 'k_proj')[0]
  // The prompt's pass gives the first token.
  const tokens = Array.from({ length: count - 1 }, (_, step) => {
    const seen = prompts.reduce((sum, prompt) => sum + prompt.length + step + 1, 0)
    return {
      flops: prompts.length * 2 * linearWeights(config) + attentionFlops(config, seen) + headOnce,
      bytes: weightBytes * elements(checkpointShapes(config)) + FLOAT * seen * keyValues,
    }
  })
  const bytes = weightBytes * elements(checkpointShapes(config))
  return { prompt: { flops: prefill.flops + headOnce, bytes }, tokens }
}

function forwardFlops(config: ModelConfig, forest: Forest) {
  const ends: number[] = []
  let seen = 0
  let targets = 0
  for (const { tokens, parent, targetStart } of forest) {
    const before = ends[parent] ?? 0
    ends.push(before + tokens.length)
    // Token i of the segment sees the `before` tokens of its ancestors and i + 1 of its own.
    seen += tokens.length * before + (tokens.length * (tokens.length + 1)) / 2
    targets += tokens.length - targetStart
  }
  return {
    linear: 2 * rows(forest) * linearWeights(config),
    attention: attentionFlops(config, seen),
    head: 2 * targets * config.hidden_size * config.vocab_size,
  }
}

function attentionFlops(config: ModelConfig, seen: number): number {
  return 4 * config.num_hidden_layers * projectionShape(config, 'q_proj')[0] * seen
}

/** Weights of all layers' projections. */
function linearWeights(config: ModelConfig): number {
  const layer = PROJECTIONS.map((projection) => projectionShape(config, projection)).reduce(
    (sum, [o, i]) => sum + o * i,
    0,
  )
  return config.num_hidden_layers * layer
}

function rows(forest: Forest): number {
  return forest.reduce((sum, { tokens }) => sum + tokens.length, 0)
}

function elements(shapes: Shapes): number {
  return [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((size, n) => size * n, 1), 0)
}
