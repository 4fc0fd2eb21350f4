import { expect, test } from 'vitest'
import { adamWStep, clipping, isDecayed } from './adamw.ts'

const options = {
  learning_rate: 0.1,
  adam_beta1: 0.9,
  adam_beta2: 0.99,
  adam_epsilon: 1e-8,
  weight_decay: 0.5,
  max_grad_norm: 1,
}

test('the first step moves against the sign of the gradient by the learning rate, after decay', () => {
  const values = Float32Array.of(1, -1, 2)
  const [m, v] = [new Float32Array(3), new Float32Array(3)]
  adamWStep(values, Float32Array.of(3, -0.001, 0), m, v, 1, options, 1, true)
  expect([...values].map((x) => Number(x.toFixed(5)))).toEqual([0.85, -0.85, 1.9])
  expect(m[0]).toBeCloseTo(0.3)
  expect(v[0]).toBeCloseTo(0.09)
  const undecayed = Float32Array.of(1)
  adamWStep(undecayed, Float32Array.of(3), new Float32Array(1), new Float32Array(1), 1, options, 1, false)
  expect(undecayed[0]).toBeCloseTo(0.9)
})

test('the second step weighs both gradients by the bias-corrected moments', () => {
  const values = Float32Array.of(0)
  const [m, v] = [new Float32Array(1), new Float32Array(1)]
  for (const [index, gradient] of [1, -2].entries()) {
    adamWStep(values, Float32Array.of(gradient), m, v, index + 1, options, 1, false)
  }
  const first = -0.1
  const mean = (0.9 * 0.1 * 1 + 0.1 * -2) / (1 - 0.9 ** 2)
  const square = (0.99 * 0.01 * 1 + 0.01 * 4) / (1 - 0.99 ** 2)
  expect(values[0]).toBeCloseTo(first - (0.1 * mean) / Math.sqrt(square), 6)
})

test('clips to the norm, and never at 0 or Infinity', () => {
  const gradients = new Map([
    ['a', { shape: [1], data: Float32Array.of(3) }],
    ['b', { shape: [1], data: Float32Array.of(4) }],
  ])
  expect(clipping(gradients, 1).grad_norm).toBe(5)
  expect(clipping(gradients, 1).factor).toBeCloseTo(0.2)
  for (const never of [0, Number.POSITIVE_INFINITY, 10]) expect(clipping(gradients, never).factor).toBe(1)
})

test('decays matrices alone', () => {
  expect(isDecayed('model.layers.0.self_attn.q_proj.weight')).toBe(true)
  expect(isDecayed('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight')).toBe(true)
  expect(isDecayed('model.layers.0.self_attn.q_proj.bias')).toBe(false)
  expect(isDecayed('model.layers.0.input_layernorm.weight')).toBe(false)
  expect(isDecayed('model.norm.weight')).toBe(false)
})
