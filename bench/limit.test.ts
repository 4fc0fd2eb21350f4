import { expect, test } from 'vitest'
import type { Forest } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'
import { forwardWork, generationWork, leastSeconds, stepWork } from './limit.ts'

// One layer, counted by hand: q and o 4 x 4, k and v 2 x 4, gate, up and down 6 x 4 make 120 weights.
const config = qwen2({
  vocab_size: 10,
  hidden_size: 4,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
})
const LINEAR = 120
// Embedding 10 x 4, three norms of 4, biases of 4, 2 and 2.
const WEIGHTS = LINEAR + 40 + 12 + 8

const pair: Forest = [
  { tokens: new Int32Array(3), parent: -1, targetStart: 3 },
  { tokens: new Int32Array(2), parent: 0, targetStart: 0 },
  { tokens: new Int32Array(1), parent: 0, targetStart: 0 },
]
// Tokens seen: 1 + 2 + 3 of the prompt, 4 + 5 and 4 of its children.
const FORWARD = { linear: 2 * LINEAR * 6, attention: 4 * 4 * (6 + 9 + 4), head: 2 * 4 * 10 * 3 }

test('a forward pass counts every weight, every token seen and every target once', () => {
  const { flops, bytes } = forwardWork(config, pair)
  expect(flops).toBe(FORWARD.linear + FORWARD.attention + FORWARD.head)
  expect(bytes).toBe(4 * WEIGHTS)
})

test('a step costs three forward passes where everything is trained', () => {
  const { flops, bytes } = stepWork(config, pair, null)
  expect(flops).toBe(3 * (FORWARD.linear + FORWARD.attention + FORWARD.head))
  expect(bytes).toBe(4 * (2 + 7) * WEIGHTS)
})

test('frozen weights cost two passes, and the adapter its own three', () => {
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj' as const] }
  const adapter = 2 * (4 + 4)
  const { flops, bytes } = stepWork(config, pair, lora)
  expect(flops).toBe(2 * (FORWARD.linear + FORWARD.head) + 3 * FORWARD.attention + 3 * 2 * 6 * adapter)
  expect(bytes).toBe(4 * (2 * WEIGHTS + 7 * adapter))
})

test('layers below the lowest adapted one cost their forward pass alone', () => {
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj' as const] }
  const deep = { ...config, num_hidden_layers: 4 }
  const [all, upper, last] = [null, [2, 3], [3]].map((layers_to_transform) => {
    return stepWork(deep, pair, { ...lora, layers_to_transform }).flops
  })
  const adapter = 3 * 2 * 6 * 2 * (4 + 4)
  const layer = FORWARD.linear + 2 * FORWARD.attention
  expect(all! - upper!).toBe(2 * (layer + adapter))
  expect(all! - last!).toBe(3 * (layer + adapter))
})

test('a shared prompt is computed once', () => {
  const unshared: Forest = [
    { tokens: new Int32Array(5), parent: -1, targetStart: 3 },
    { tokens: new Int32Array(4), parent: -1, targetStart: 3 },
  ]
  const saved = 2 * LINEAR * 3 + 4 * 4 * 6
  expect(forwardWork(config, unshared).flops - forwardWork(config, pair).flops).toBe(saved)
})

test('every generated token reads all weights once and the keys and values before it', () => {
  const { prompt, tokens } = generationWork(config, [new Int32Array(3), new Int32Array(5)], 3)
  expect(prompt.flops).toBe(2 * LINEAR * 8 + 4 * 4 * (6 + 15) + 2 * (2 * 4 * 10))
  expect(tokens).toHaveLength(2)
  expect(tokens[0]).toEqual({
    flops: 2 * 2 * LINEAR + 4 * 4 * (4 + 6) + 2 * (2 * 4 * 10),
    bytes: 4 * (WEIGHTS + (4 + 6) * 2 * 2),
  })
})

test('arithmetic and memory overlap: the slower decides', () => {
  const peak = { flops: 100, bytes: 10 }
  expect(leastSeconds({ flops: 200, bytes: 10 }, peak)).toBe(2)
  expect(leastSeconds({ flops: 200, bytes: 50 }, peak)).toBe(5)
})
