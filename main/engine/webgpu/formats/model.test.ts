/** Whole models with quantised weights, against double precision of the numbers that the card holds. */
import { expect, test } from 'vitest'
import { randomAdapter, randomModel } from '../../../../testing/random-model.ts'
import { referenceScores, toDoubles } from '../../../../testing/reference-float64.ts'
import { sharedSoftwareDevice } from '../../../../testing/software-device.ts'
import { describeWebGpu, expectNear } from '../../../../testing/webgpu.ts'
import { PROJECTIONS } from '../../../config/choices.ts'
import type { Forest, LoraConfig } from '../../engine.ts'
import { qwen2 } from '../../families.ts'
import { createWebGpuEngine } from '../engine.ts'
import { FORMATS } from './formats.ts'

const CONFIG = qwen2({
  vocab_size: 70,
  hidden_size: 60,
  intermediate_size: 77,
  num_hidden_layers: 1,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
})
const LORA: LoraConfig = { r: 3, lora_alpha: 6, lora_dropout: 0, target_modules: [...PROJECTIONS] }
const FOREST: Forest = [
  { tokens: Int32Array.of(1, 69, 30, 4, 5), parent: -1, targetStart: 2 },
  { tokens: Int32Array.of(9, 8, 7), parent: 0, targetStart: 0 },
  { tokens: Int32Array.of(60, 2), parent: 0, targetStart: 0 },
]

describeWebGpu('a model with quantised weights', () => {
  test('NF4 with embedding and head in int8: scores with an adapter are those of the held numbers', async () => {
    const formats = { layers: FORMATS.nf4, outer: FORMATS.int8 }
    const engine = await createWebGpuEngine(await sharedSoftwareDevice(), CONFIG, randomModel(CONFIG, 1, 0.2), {
      formats,
    })
    try {
      const tensors = randomAdapter(CONFIG, LORA, 2, 0.2)
      await engine.addAdapter('a', LORA, tensors)
      const { logprobs, entropies } = await engine.logprobs(FOREST, 'a')
      const held = toDoubles(await engine.baseWeights())
      const expected = referenceScores(CONFIG, held, { lora: LORA, tensors: toDoubles(tensors) }, FOREST)
      expectNear(logprobs, expected.logprobs, 1e-4, 'logprobs')
      expectNear(entropies, expected.entropies, 1e-4, 'entropies')
      expect(held.get('model.layers.0.self_attn.k_proj.weight')).toHaveLength(20 * 60)
    } finally {
      await engine.close()
    }
  })
})
