/**
 * Compares every engine with stored results of transformers 5.23 and PEFT 0.21 (bench/parity_hf.py): the core of `npm run
 * test:parity`, without Python.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TESTS_NATIVE } from '../../testing/native.ts'
import { FIXTURE, parityForest, parityModel, slopes } from '../../testing/parity-models.ts'
import type { Engine, Tensors } from './engine.ts'
import { createNativeEngine } from './native/engine.ts'
import { readSafetensors } from './safetensors.ts'
import { createTfjsEngine } from './tfjs/engine.ts'

const { config, base, lora, adapter, tokens } = parityModel(FIXTURE)
let expected: Tensors
beforeAll(async () => {
  expected = await readSafetensors(fileURLToPath(new URL('parity-transformers.safetensors', import.meta.url)))
})

const ENGINES: Record<string, () => Promise<Engine>> = {
  tfjs: () => createTfjsEngine(config, base),
  ...(TESTS_NATIVE && {
    native: () => createNativeEngine(config, base),
    'native with activations made again': () => createNativeEngine(config, base, { checkpointing: true }),
  }),
}

describe.each(Object.keys(ENGINES))('%s', (name) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await ENGINES[name]!()
    await engine.addAdapter('ours', lora, adapter)
    await engine.train('ours')
  })
  afterAll(() => engine.close())

  test('log-probabilities and every gradient of an adapter are transformers’ and PEFT’s', async () => {
    const { logprobs } = await engine.accumulate(parityForest(tokens), (scores) => slopes(scores.logprobs.length))
    const theirs = expected.get('ours/logprobs')!.data
    expect(logprobs.length).toBe(theirs.length)
    for (const [i, logprob] of logprobs.entries()) expect(Math.abs(logprob - theirs[i]!)).toBeLessThan(1e-4)

    const gradients = await engine.gradients()
    expect(gradients.size).toBe([...expected.keys()].filter((key) => key.startsWith('ours/gradient/')).length)
    for (const [tensor, { data }] of gradients) {
      const { data: wanted } = expected.get(`ours/gradient/${tensor}`)!
      const difference = Math.hypot(...data.map((value, i) => value - wanted[i]!))
      expect(difference / Math.hypot(...wanted), tensor).toBeLessThan(1e-3)
    }
  })
})
