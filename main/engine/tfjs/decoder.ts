/**
 * The decoder of Qwen2 (arXiv:2407.10671), Qwen3 (arXiv:2505.09388) and Llama (arXiv:2407.21783) in tfjs operations: the
 * readable specification of what every engine computes.
 * Shapes in comments: T rows (tokens), P rows of an earlier call, H hidden, D of a head, K key/value heads, G query
 * heads for each of them.
 */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs'
import type { Projection } from '../../config/choices.ts'
import { dropoutMask } from '../dropout.ts'
import type { ModelConfig } from '../engine.ts'
import { FAMILIES } from '../families.ts'
import { rotaryFrequencies } from '../rotary.ts'
import { loraTensors, projectionName } from '../weights.ts'
import type { Tf } from './load-tfjs.ts'
import { gatherRows, linear, matMul } from './ops.ts'
import type { Weights } from './weights.ts'

export interface Model {
  readonly tf: Tf
  readonly config: ModelConfig
  readonly base: Weights
  readonly adapter: Adapter | null
  /** The weights that get gradients. */
  readonly trained: Weights | null
  /** The seed of LoRA dropout, and each row's place in the forest; null drops nothing. */
  readonly dropout: { readonly seed: number; readonly rows: Int32Array } | null
}

export interface Adapter {
  readonly lora_dropout: number
  /** The factor of B A, by the adapted modules' names in the checkpoint. */
  readonly scales: ReadonlyMap<string, number>
  readonly weights: Weights
}

export interface Rows {
  readonly tokens: Int32Array
  readonly positions: Int32Array
  /** [T, P + T], 1 if a row attends to another. */
  readonly sees: Uint8Array
}

/** Rotated keys and values of a layer, each [K, rows, D]. */
export interface LayerCache {
  readonly keys: Tensor3D
  readonly values: Tensor3D
}

/** The normalised hidden states [T, H], and every layer's keys and values for a call that continues these rows. */
export function decode(
  model: Model,
  rows: Rows,
  past: readonly LayerCache[] = [],
): { hidden: Tensor2D; cache: LayerCache[] } {
  const { tf, config, base } = model
  const rotary = rotaryTables(tf, config, rows.positions)
  const total = rows.sees.length / rows.tokens.length
  const mask = tf.tensor2d(
    Float32Array.from(rows.sees, (seen) => (seen ? 0 : -1e9)),
    [rows.tokens.length, total],
  )

  let x = gatherRows(tf, base.tensor('model.embed_tokens.weight') as Tensor2D, rows.tokens)
  const cache: LayerCache[] = []
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `model.layers.${layer}`
    const normed = rmsNorm(model, x, `${name}.input_layernorm.weight`)
    const attended = attention(model, layer, normed, rotary, mask, past[layer])
    cache.push(attended.cache)
    x = tf.add(x, attended.output)
    x = tf.add(x, mlp(model, layer, rmsNorm(model, x, `${name}.post_attention_layernorm.weight`)))
  }
  return { hidden: rmsNorm(model, x, 'model.norm.weight'), cache }
}

/** Logits [rows, vocabulary] of hidden states [rows, H]. */
export function logitsOf({ tf, config, base, trained }: Model, hidden: Tensor2D): Tensor2D {
  const head = config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'
  return linear(tf, hidden, base.weight(head), trained === base)
}

/** x / rms(x) * weight, row by row (Zhang & Sennrich 2019, arXiv:1910.07467). */
function rmsNorm({ tf, config, base }: Model, x: Tensor2D, weight: string): Tensor2D {
  const meanSquare = tf.mean(tf.square(x), 1, true)
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, config.rms_norm_eps))), base.tensor(weight))
}

/** A projection with its bias, if it has one, and its LoRA part, if it is adapted. */
function project(model: Model, layer: number, projection: Projection, x: Tensor2D): Tensor2D {
  const { tf, config, base, adapter, trained, dropout } = model
  const name = projectionName(layer, projection)
  let y = linear(tf, x, base.weight(`${name}.weight`), trained === base)
  if (config.attention_bias && (projection === 'q_proj' || projection === 'k_proj' || projection === 'v_proj')) {
    y = tf.add(y, base.tensor(`${name}.bias`))
  }
  const scale = adapter?.scales.get(name)
  if (adapter === null || scale === undefined) return y

  const { lora_dropout, weights } = adapter
  let input = x
  if (dropout !== null && lora_dropout > 0) {
    const mask = dropoutMask(lora_dropout, dropout.seed, layer, projection, dropout.rows, x.shape[1])
    input = tf.mul(x, tf.tensor2d(mask, x.shape))
  }
  const [a, b] = loraTensors(name)
  const low = linear(tf, input, weights.weight(a), trained === weights)
  return tf.add(y, tf.mul(linear(tf, low, weights.weight(b), trained === weights), scale))
}

/** Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) with rotary positions, and Qwen3's norms of q and k. */
function attention(
  model: Model,
  layer: number,
  x: Tensor2D,
  rotary: RotaryTables,
  mask: Tensor2D,
  past: LayerCache | undefined,
): { output: Tensor2D; cache: LayerCache } {
  const { tf, config } = model
  const rows = x.shape[0]
  const kvHeads = config.num_key_value_heads
  const groups = config.num_attention_heads / kvHeads
  const size = config.head_dim
  const byHead = (projected: Tensor2D, count: number) =>
    tf.transpose(tf.reshape(projected, [rows, count, size]), [1, 0, 2]) as Tensor3D
  const normed = (projected: Tensor2D, norm: string) =>
    FAMILIES[config.model_type].qk_norm
      ? rmsNorm(model, tf.reshape(projected, [-1, size]) as Tensor2D, `model.layers.${layer}.self_attn.${norm}.weight`)
      : projected

  const q = normed(project(model, layer, 'q_proj', x), 'q_norm')
  const k = normed(project(model, layer, 'k_proj', x), 'k_norm')
  const queries = rotate(tf, byHead(q, config.num_attention_heads), rotary) // [K G, T, D]
  let keys = rotate(tf, byHead(k, kvHeads), rotary) // [K, T, D]
  let values = byHead(project(model, layer, 'v_proj', x), kvHeads) // [K, T, D]
  if (past !== undefined) {
    keys = tf.concat([past.keys, keys], 1)
    values = tf.concat([past.values, values], 1)
  }
  const total = keys.shape[1]

  // The query heads that share a key head lie side by side, so they can be stacked as further rows of one product.
  const stacked = tf.reshape(queries, [kvHeads, groups * rows, size])
  const products = matMul(tf, stacked, tf.transpose(keys, [0, 2, 1])) // [K, G T, P + T]
  const scores = tf.add(tf.reshape(tf.mul(products, 1 / Math.sqrt(size)), [-1, rows, total]), mask)
  const weights = tf.reshape(tf.softmax(scores), [kvHeads, groups * rows, total])
  const mixed = tf.reshape(matMul(tf, weights, values), [-1, rows, size]) // [K G, T, D]
  const joined = tf.reshape(tf.transpose(mixed, [1, 0, 2]), [rows, -1]) as Tensor2D
  return { output: project(model, layer, 'o_proj', joined), cache: { keys, values } }
}

/** SwiGLU (Shazeer 2020, arXiv:2002.05202). */
function mlp(model: Model, layer: number, x: Tensor2D): Tensor2D {
  const { tf } = model
  const gate = project(model, layer, 'gate_proj', x)
  const up = project(model, layer, 'up_proj', x)
  return project(model, layer, 'down_proj', tf.mul(tf.mul(gate, tf.sigmoid(gate)), up))
}

interface RotaryTables {
  /** [T, D] */
  readonly cosines: Tensor2D
  readonly sines: Tensor2D
}

/** Angles of rotary positions (Su et al. 2021, arXiv:2104.09864): position * frequency, the halves of a head alike. */
function rotaryTables(tf: Tf, config: ModelConfig, positions: Int32Array): RotaryTables {
  const size = config.head_dim
  const frequencies = rotaryFrequencies(config)
  const angles = Float64Array.from(
    { length: positions.length * size },
    (_, at) => positions[Math.floor(at / size)]! * frequencies[at % (size / 2)]!,
  )
  const table = (f: (angle: number) => number) => tf.tensor2d(Float32Array.from(angles, f), [positions.length, size])
  return { cosines: table(Math.cos), sines: table(Math.sin) }
}

/** Turns each pair (x[i], x[i + D/2]) of heads [heads, T, D] by its angle. */
function rotate(tf: Tf, x: Tensor3D, { cosines, sines }: RotaryTables): Tensor3D {
  const [first, second] = tf.split(x, 2, 2) as [Tensor, Tensor]
  const turned = tf.concat([tf.neg(second), first], 2)
  return tf.add(tf.mul(x, cosines), tf.mul(turned, sines))
}
