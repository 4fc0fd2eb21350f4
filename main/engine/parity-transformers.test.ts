/**
 * Compares every engine with stored results of transformers 5.24 and PEFT 0.21 (bench/parity_hf.py): the core of `npm run
 * test:parity`, without Python.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TESTS_NATIVE } from '../../testing/native.ts'
import { FIXTURES, parityForest, parityModel, slopes } from '../../testing/parity-models.ts'
import { readSafetensors } from './checkpoint/safetensors.ts'
import type { Engine, ModelConfig, Tensors } from './engine.ts'
import { createNativeEngine } from './native/engine.ts'
import { createTfjsEngine } from './tfjs/engine.ts'

let stored: Tensors
beforeAll(async () => {
  stored = await readSafetensors(fileURLToPath(new URL('parity-transformers.safetensors', import.meta.url)))
})

const ENGINES: Record<string, (config: ModelConfig, base: Tensors) => Promise<Engine>> = {
  tfjs: createTfjsEngine,
  ...(TESTS_NATIVE && {
    native: createNativeEngine,
    'native with activations made again': (config: ModelConfig, base: Tensors) =>
      createNativeEngine(config, base, { checkpointing: true }),
  }),
}

const cases = FIXTURES.flatMap((model) => Object.keys(ENGINES).map((engine) => ({ engine, ...model })))

describe.each(cases)('$engine: $name', (model) => {
  const { config, base, lora, adapter, tokens } = parityModel(model)
  let engine: Engine
  beforeAll(async () => {
    engine = await ENGINES[model.engine]!(config, base)
    await engine.addAdapter('ours', lora, adapter)
    await engine.train('ours')
  })
  afterAll(() => engine.close())

  test('log-probabilities and every gradient of an adapter are transformers’ and PEFT’s', async () => {
    const expected = (name: string) => stored.get(`${config.model_type}/ours/${name}`)!.data
    const { logprobs } = await engine.accumulate(parityForest(tokens), (scores) => slopes(scores.logprobs.length))
    const theirs = expected('logprobs')
    expect(logprobs.length).toBe(theirs.length)
    for (const [i, logprob] of logprobs.entries()) expect(Math.abs(logprob - theirs[i]!)).toBeLessThan(1e-4)

    const gradients = await engine.gradients()
    const prefix = `${config.model_type}/ours/gradient/`
    expect(gradients.size).toBe([...stored.keys()].filter((key) => key.startsWith(prefix)).length)
    for (const [tensor, { data }] of gradients) {
      const wanted = expected(`gradient/${tensor}`)
      const difference = Math.hypot(...data.map((value, i) => value - wanted[i]!))
      expect(difference / Math.hypot(...wanted), tensor).toBeLessThan(1e-3)
    }
  })
})
