import { expect, test } from 'vitest'
import { TINY } from '../../../testing/random-model.ts'
import { checkpointShapes } from '../weights.ts'
import { checkpointName, ggufName } from './names.ts'

test('every tensor of a checkpoint has a name of llama.cpp, and back', () => {
  const names = [...checkpointShapes({ ...TINY, tie_word_embeddings: false }).keys()]
  const there = names.map((name) => ggufName(name))
  expect(new Set(there).size).toBe(names.length)
  expect(there.map((name) => checkpointName(name ?? ''))).toEqual(names)
})

test('names are llama.cpp’s', () => {
  expect(ggufName('model.embed_tokens.weight')).toBe('token_embd.weight')
  expect(ggufName('model.norm.weight')).toBe('output_norm.weight')
  expect(ggufName('lm_head.weight')).toBe('output.weight')
  expect(ggufName('model.layers.11.input_layernorm.weight')).toBe('blk.11.attn_norm.weight')
  expect(ggufName('model.layers.11.post_attention_layernorm.weight')).toBe('blk.11.ffn_norm.weight')
  expect(ggufName('model.layers.0.self_attn.q_proj.bias')).toBe('blk.0.attn_q.bias')
  expect(ggufName('model.layers.0.self_attn.o_proj.weight')).toBe('blk.0.attn_output.weight')
  expect(ggufName('model.layers.0.self_attn.k_norm.weight')).toBe('blk.0.attn_k_norm.weight')
  expect(ggufName('model.layers.0.mlp.down_proj.weight')).toBe('blk.0.ffn_down.weight')
})

test.each(['model.layers.0.mlp.experts.0.weight', 'model.embed_tokens', 'model.layers.x.mlp.up_proj.weight', 'blk.0.'])(
  'no name: %s',
  (name) => {
    expect(ggufName(name)).toBeUndefined()
    expect(checkpointName(name)).toBeUndefined()
  },
)

test('other names of GGUF files are none of a checkpoint', () => {
  for (const name of ['rope_freqs.weight', 'blk.0.ffn_gate_exps.weight', 'v.blk.0.attn_q.weight']) {
    expect(checkpointName(name)).toBeUndefined()
  }
})
