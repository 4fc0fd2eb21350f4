import { describe, expect, test, vi } from 'vitest'
import { TESTS_NATIVE } from '../../testing/native.ts'
import { randomAdapter, randomModel } from '../../testing/random-model.ts'
import { TIED } from '../../testing/small-models.ts'
import { PROJECTIONS } from '../config/choices.ts'
import type { Engine, Tensors } from '../engine/engine.ts'
import { createNativeEngine } from '../engine/native/engine.ts'
import { createTfjsEngine } from '../engine/tfjs/engine.ts'
import { forestTokens } from './forest.ts'
import { optimize, type TrainingOptions } from './optimize.ts'
import { nllTerm } from './sft.ts'
import type { Metrics } from './terms.ts'

const CONFIG = { ...TIED, vocab_size: 40 }
const LORA = { r: 3, lora_alpha: 6, lora_dropout: 0, target_modules: PROJECTIONS }
const OPTIONS: TrainingOptions = {
  learning_rate: 0.01,
  lr_scheduler_type: 'constant',
  warmup_steps: 0,
  max_steps: 1,
  batch_size: 2,
  grad_accumulation_steps: 2,
  weight_decay: 0,
  max_grad_norm: 0,
  seed: 3,
}

/** What `start` prompts begin with, and three tokens of their own. */
const example = (start: number, i: number) => ({
  prompt: Int32Array.from([...Array.from({ length: start }, (_, at) => (7 * at) % 40), 30 + (i % 5), i, 1]),
  completion: Int32Array.of(20 + i, 2 * i, 0),
})
const examples = (start: number, from: number) => [0, 1, 2, 3, 4].map((i) => example(start, from + i))

const ENGINES: Record<string, (base: Tensors) => Promise<Engine>> = {
  tfjs: (base) => createTfjsEngine(CONFIG, base, { backend: 'cpu' }),
  ...(TESTS_NATIVE && { native: (base: Tensors) => createNativeEngine(CONFIG, base, { threads: 2 }) }),
}

/** The figures of a step on two terms, the gradients before it, and the tokens of each forest. */
async function step(engine: Engine, start: number, divided = false) {
  let gradients: Tensors = new Map()
  await engine.addAdapter('a', LORA, randomAdapter(CONFIG, LORA, 2, 0.3))
  const accumulate = vi.spyOn(engine, 'accumulate')
  const taken = engine.step.bind(engine)
  vi.spyOn(engine, 'step').mockImplementation(async (adamW) => {
    gradients = await engine.gradients()
    return taken(adamW)
  })
  const terms = [nllTerm(examples(start, 0), OPTIONS), nllTerm(examples(start, 5), OPTIONS, 0.5, 'replay/')]
  // A term that could draw a prompt that begins otherwise keeps every batch by itself.
  const first = { ...terms[0]!, prompts: [...terms[0]!.prompts, ...(divided ? [Int32Array.of(39)] : [])] }
  let metrics: Metrics = {}
  await optimize(engine, 'a', [first, terms[1]!], OPTIONS, {
    onStep: (_, figures) => {
      metrics = figures
    },
  })
  const forests = accumulate.mock.calls.map(([forest]) => forestTokens(forest))
  vi.restoreAllMocks()
  await engine.removeAdapter('a')
  const { tokens_per_second: _, num_tokens, ...figures } = metrics
  return { figures, num_tokens, gradients, forests }
}

describe.each(Object.keys(ENGINES))('%s', (name) => {
  test('terms whose prompts begin alike go through the engine together, to the same loss and gradient', async () => {
    const engine = await ENGINES[name]!(randomModel(CONFIG, 1, 0.3))
    try {
      const together = await step(engine, 40)
      const apart = await step(engine, 40, true)
      // Two samples of 3 + 3 tokens each, and what they begin with.
      expect(apart.forests).toEqual([52, 52, 52, 52])
      expect(together.forests).toEqual([64, 64])
      expect([together.num_tokens, apart.num_tokens]).toEqual([128, 208])
      expect(Object.keys(together.figures)).toEqual(Object.keys(apart.figures))
      for (const [key, value] of Object.entries(apart.figures)) expect(together.figures[key], key).toBeCloseTo(value, 5)
      expect([...together.gradients.keys()]).toEqual([...apart.gradients.keys()])
      for (const [tensor, { data }] of apart.gradients) {
        const norm = Math.hypot(...data)
        expect(norm, tensor).toBeGreaterThan(0)
        const distance = Math.hypot(...together.gradients.get(tensor)!.data.map((value, i) => value - data[i]!))
        expect(distance / norm, tensor).toBeLessThan(1e-4)
      }
    } finally {
      await engine.close()
    }
  })

  test('where prompts begin alike for less than half, each batch goes by itself', async () => {
    const engine = await ENGINES[name]!(randomModel(CONFIG, 1, 0.3))
    try {
      expect((await step(engine, 2)).forests).toHaveLength(4)
    } finally {
      await engine.close()
    }
  })
})
