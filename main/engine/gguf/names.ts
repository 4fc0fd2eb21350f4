/** The names of a checkpoint's tensors in GGUF files of the architectures qwen2, qwen3 and llama. */

/** A checkpoint's name for a module outside the layers, and llama.cpp's. */
const OUTER: readonly (readonly [checkpoint: string, gguf: string])[] = [
  ['model.embed_tokens', 'token_embd'],
  ['model.norm', 'output_norm'],
  ['lm_head', 'output'],
]

/** The same for modules of a layer, after `model.layers.N.` and `blk.N.`. */
const INNER: readonly (readonly [checkpoint: string, gguf: string])[] = [
  ['input_layernorm', 'attn_norm'],
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['self_attn.o_proj', 'attn_output'],
  ['self_attn.q_norm', 'attn_q_norm'],
  ['self_attn.k_norm', 'attn_k_norm'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['mlp.gate_proj', 'ffn_gate'],
  ['mlp.up_proj', 'ffn_up'],
  ['mlp.down_proj', 'ffn_down'],
]

/** The factors by which llama.cpp divides the frequencies of the rotary embedding. They follow from `rope_scaling`. */
export const ROPE_FACTORS = 'rope_freqs.weight'

/** llama.cpp's name of a checkpoint's tensor; undefined if it has none. */
export function ggufName(name: string): string | undefined {
  return renamed(name, 0, 1)
}

/** A checkpoint's name of a GGUF file's tensor; undefined if it has none. */
export function checkpointName(name: string): string | undefined {
  return renamed(name, 1, 0)
}

const LAYERS = ['model.layers', 'blk'] as const

function renamed(name: string, from: 0 | 1, to: 0 | 1): string | undefined {
  const { module, part } = /^(?<module>.+)\.(?<part>weight|bias)$/.exec(name)?.groups ?? {}
  if (module === undefined) return undefined
  const outer = OUTER.find((names) => names[from] === module)
  if (outer !== undefined) return `${outer[to]}.${part}`
  if (!module.startsWith(`${LAYERS[from]}.`)) return undefined
  const { layer, rest } = /^\.(?<layer>\d+)\.(?<rest>.+)$/.exec(module.slice(LAYERS[from].length))?.groups ?? {}
  const inner = INNER.find((names) => names[from] === rest)
  return inner === undefined ? undefined : `${LAYERS[to]}.${layer}.${inner[to]}.${part}`
}
