import { expect, test } from 'vitest'
import { TINY as config, randomAdapter, randomModel } from './random-model.ts'

test('a random model has the tensors of a checkpoint and depends on the seed alone', () => {
  const model = randomModel(config, 1)
  expect(model.size).toBe(2 + 2 * 12)
  expect(model.get('model.layers.1.self_attn.k_proj.weight')?.shape).toEqual([8, 16])
  expect(model.get('model.layers.1.mlp.down_proj.weight')?.data.length).toBe(16 * 24)
  expect(model).toEqual(randomModel(config, 1))
  expect(model).not.toEqual(randomModel(config, 2))
  expect(randomModel({ ...config, tie_word_embeddings: false }, 1).get('lm_head.weight')?.shape).toEqual([20, 16])

  const embedding = model.get('model.embed_tokens.weight')!.data
  const mean = embedding.reduce((sum, x) => sum + x, 0) / embedding.length
  const variance = embedding.reduce((sum, x) => sum + (x - mean) ** 2, 0) / embedding.length
  expect(Math.abs(mean)).toBeLessThan(0.003)
  expect(Math.sqrt(variance)).toBeCloseTo(0.02, 2)
})

test('a random adapter has the tensors of PEFT', () => {
  const lora = { r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: ['q_proj', 'down_proj'] as const }
  const adapter = randomAdapter(config, lora, 1)
  expect([...adapter.keys()].slice(0, 2)).toEqual([
    'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
    'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight',
  ])
  expect(adapter.get('base_model.model.model.layers.1.mlp.down_proj.lora_A.weight')?.shape).toEqual([4, 24])
  expect(adapter.size).toBe(8)
})
