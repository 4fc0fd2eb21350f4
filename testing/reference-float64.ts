/**
 * For tests: the decoder in double precision and plain loops. It is slow and simple, and shares no code with the
 * engines it judges. Its finite differences are precise to ten digits.
 */
import type { Projection } from '../main/config/choices.ts'
import type { Forest, LoraConfig, ModelConfig, Tensors } from '../main/engine/engine.ts'

/** Doubles by tensor name. Tests change them in place to take differences. */
export type Doubles = Map<string, Float64Array>

export function toDoubles(tensors: Tensors): Doubles {
  return new Map([...tensors].map(([name, { data }]) => [name, Float64Array.from(data)]))
}

export interface ReferenceAdapter {
  readonly lora: LoraConfig
  readonly tensors: Doubles
  /** The dropout factors of a projection's inputs, for the token at `row` of the forest. */
  readonly dropout?: (layer: number, projection: Projection, row: number, column: number) => number
}

const BLOCKS: Record<Projection, string> = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
}

interface Token {
  readonly id: number
  readonly row: number
}

/** Log-probabilities and entropies of all targets, in segment order. Each segment's path is computed separately. */
export function referenceScores(config: ModelConfig, base: Doubles, adapter: ReferenceAdapter | null, forest: Forest) {
  const logprobs: number[] = []
  const entropies: number[] = []
  const paths: Token[][] = []
  let row = 0
  for (const { tokens, parent, targetStart } of forest) {
    const before = parent === -1 ? [] : paths[parent]!
    const path = [...before, ...Array.from(tokens, (id) => ({ id, row: row++ }))]
    paths.push(path)
    if (targetStart === tokens.length) continue
    const logits = referenceLogits(config, base, adapter, path)
    for (let at = before.length + targetStart; at < path.length; at++) {
      const row = logits[at - 1]!
      const largest = Math.max(...row)
      const normaliser = largest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0))
      logprobs.push(row[path[at]!.id]! - normaliser)
      entropies.push(row.reduce((sum, logit) => sum - Math.exp(logit - normaliser) * (logit - normaliser), 0))
    }
  }
  return { logprobs, entropies }
}

/** Logits after each token of one sequence. */
function referenceLogits(config: ModelConfig, base: Doubles, adapter: ReferenceAdapter | null, path: readonly Token[]) {
  const { hidden_size: hidden, num_attention_heads: heads, num_key_value_heads: kvHeads, rms_norm_eps } = config
  const size = config.head_dim

  // A loop: with a closure an element, most of the time would be spent here.
  const times = (weight: Float64Array, x: readonly number[]): number[] => {
    const y: number[] = []
    for (let row = 0; row < weight.length; row += x.length) {
      let sum = 0
      for (let i = 0; i < x.length; i++) sum += weight[row + i]! * x[i]!
      y.push(sum)
    }
    return y
  }

  const norm = (name: string, x: readonly number[]): number[] => {
    const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + rms_norm_eps)
    return x.map((value, i) => value * scale * base.get(name)![i]!)
  }

  const project = (layer: number, projection: Projection, row: number, x: readonly number[]): number[] => {
    const name = `model.layers.${layer}.${BLOCKS[projection]}.${projection}`
    const bias = base.get(`${name}.bias`)
    const y = times(base.get(`${name}.weight`)!, x).map((value, i) => value + (bias?.[i] ?? 0))
    if (!adapter?.lora.target_modules.includes(projection)) return y
    const { lora } = adapter
    if (lora.layers_to_transform?.includes(layer) === false || lora.modules?.has(name) === false) return y
    const { r, lora_alpha } = lora.modules?.get(name) ?? lora
    const scale = lora_alpha / (lora.use_rslora === true ? Math.sqrt(r) : r)
    const dropped = x.map((value, column) => value * (adapter.dropout?.(layer, projection, row, column) ?? 1))
    const low = times(adapter.tensors.get(`base_model.model.${name}.lora_A.weight`)!, dropped)
    const high = times(adapter.tensors.get(`base_model.model.${name}.lora_B.weight`)!, low)
    return y.map((value, i) => value + scale * high[i]!)
  }

  const rotate = (head: readonly number[], position: number): number[] =>
    head.map((value, i) => {
      const angle = position * stretched(config, config.rope_theta ** ((-2 * (i % (size / 2))) / size))
      const partner = i < size / 2 ? -head[i + size / 2]! : head[i - size / 2]!
      return value * Math.cos(angle) + partner * Math.sin(angle)
    })
  const headOf = (x: readonly number[], head: number) => x.slice(head * size, (head + 1) * size)
  /** The heads of q or k, normalised if the model has weights for that, and rotated. */
  const headsOf = (name: string, x: readonly number[], position: number) =>
    Array.from({ length: x.length / size }, (_, head) =>
      rotate(base.has(name) ? norm(name, headOf(x, head)) : headOf(x, head), position),
    )

  let states = path.map(({ id }) => [
    ...base.get('model.embed_tokens.weight')!.subarray(id * hidden, (id + 1) * hidden),
  ])
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const inputs = states.map((x) => norm(`model.layers.${layer}.input_layernorm.weight`, x))
    const of = (projection: Projection) => inputs.map((x, t) => project(layer, projection, path[t]!.row, x))
    const block = `model.layers.${layer}.self_attn`
    const queries = of('q_proj').map((x, t) => headsOf(`${block}.q_norm.weight`, x, t))
    const keys = of('k_proj').map((x, t) => headsOf(`${block}.k_norm.weight`, x, t))
    const values = of('v_proj')
    states = states.map((state, t) => {
      const mixed = Array.from({ length: heads }, (_, head) => {
        const kv = Math.floor(head / (heads / kvHeads))
        const scores = keys
          .slice(0, t + 1)
          .map((key) => queries[t]![head]!.reduce((sum, value, i) => sum + value * key[kv]![i]!, 0) / Math.sqrt(size))
        const largest = Math.max(...scores)
        const weights = scores.map((score) => Math.exp(score - largest))
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        return Array.from({ length: size }, (_, i) =>
          weights.reduce((sum, weight, u) => sum + (weight / total) * values[u]![kv * size + i]!, 0),
        )
      }).flat()
      const attended = project(layer, 'o_proj', path[t]!.row, mixed)
      const middle = state.map((value, i) => value + attended[i]!)
      const input = norm(`model.layers.${layer}.post_attention_layernorm.weight`, middle)
      const gate = project(layer, 'gate_proj', path[t]!.row, input)
      const up = project(layer, 'up_proj', path[t]!.row, input)
      const activated = gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]!)
      const down = project(layer, 'down_proj', path[t]!.row, activated)
      return middle.map((value, i) => value + down[i]!)
    })
  }
  const head = base.get(config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight')!
  return states.map((state) => times(head, norm('model.norm.weight', state)))
}

/** The llama3 rule as transformers writes it, by wavelengths (modeling_rope_utils.py). */
function stretched({ rope_scaling }: ModelConfig, frequency: number): number {
  if (rope_scaling === null) return frequency
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings: original } = rope_scaling
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength > original / low_freq_factor) return frequency / factor
  if (wavelength < original / high_freq_factor) return frequency
  const smooth = (original / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor)
  return ((1 - smooth) * frequency) / factor + smooth * frequency
}
