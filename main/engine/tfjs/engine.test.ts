/** Tests what the parity tests do not: memory, the event loop, and the process. */
import { expect, test } from 'vitest'
import { TINY as config, randomAdapter, randomModel } from '../../../testing/random-model.ts'
import type { LoraConfig } from '../engine.ts'
import { createTfjsEngine } from './engine.ts'
import { loadTfjs } from './load-tfjs.ts'

const lora: LoraConfig = { r: 2, lora_alpha: 4, lora_dropout: 0.1, target_modules: ['q_proj', 'up_proj'] }
const forest = [
  { tokens: Int32Array.of(1, 2, 3), parent: -1, targetStart: 3 },
  { tokens: Int32Array.of(4, 5), parent: 0, targetStart: 0 },
]
const adamW = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}

test('calls leave no tensors behind, and close frees the rest', async () => {
  const tf = await loadTfjs('wasm')
  const before = tf.memory().numTensors
  const engine = await createTfjsEngine(config, randomModel(config, 1), { backend: 'wasm' })
  await engine.addAdapter('a', lora, randomAdapter(config, lora, 2))
  const round = async () => {
    for (const target of ['a', null]) {
      await engine.train(target)
      await engine.accumulate(forest, ({ logprobs }) => logprobs.map(() => -1), 1)
      await engine.accumulate(forest, () => Float32Array.of(Number.NaN, 0)).catch(() => {})
      await engine.step(adamW)
      await engine.logprobs(forest, 'a')
      const sampling = { temperature: 1, top_p: 0.9, max_new_tokens: 4, stop_token_ids: [], seeds: [1, 2, 3] }
      await engine.generate([Int32Array.of(1), Int32Array.of(1), Int32Array.of(2, 3)], sampling, 'a')
    }
    return tf.memory().numTensors
  }
  expect(await round()).toBe(await round())
  await engine.close()
  expect(tf.memory().numTensors).toBe(before)
  await expect(engine.logprobs(forest, null)).rejects.toThrow('closed')
})

test('loading WebAssembly leaves the process its own way with unhandled errors', async () => {
  await loadTfjs('wasm')
  const fromWasm = [...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')].filter(
    (listener) => /ExitStatus|throw/.test(listener.toString()),
  )
  expect(fromWasm).toEqual([])
})

test('the event loop runs between trees and between tokens', async () => {
  const engine = await createTfjsEngine(config, randomModel(config, 1), { backend: 'wasm' })
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const sampling = { temperature: 0, top_p: 1, max_new_tokens: 60, stop_token_ids: [], seeds: [1] }
  await engine.generate([Int32Array.of(1)], sampling, null)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
  await engine.close()
})

test('a gradient that is not finite is refused and cleared', async () => {
  const engine = await createTfjsEngine(config, randomModel(config, 1), { backend: 'cpu' })
  await engine.train(null)
  await engine.accumulate(forest, ({ logprobs }) => logprobs.map(() => 3e38))
  await engine.accumulate(forest, ({ logprobs }) => logprobs.map(() => 3e38))
  await expect(engine.step(adamW)).rejects.toThrow('The gradient holds NaN or infinity')
  expect((await engine.step(adamW)).grad_norm).toBe(0)
  await engine.close()
})
