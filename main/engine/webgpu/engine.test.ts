/** What only the engine on WebGPU has to show, on SwiftShader. parity.test.ts shows what all engines promise. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mixedLora, randomAdapter, randomModel } from '../../../testing/random-model.ts'
import { referenceAdapter } from '../../../testing/reference-adapter.ts'
import { type ReferenceAdapter, referenceScores, toDoubles } from '../../../testing/reference-float64.ts'
import { QWEN3, TIED } from '../../../testing/small-models.ts'
import { sharedSoftwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu, expectNear } from '../../../testing/webgpu.ts'
import { PROJECTIONS } from '../../config/choices.ts'
import { adamWStep, clipping } from '../adamw.ts'
import type { Engine, Forest, LoraConfig, ModelConfig, Scores, Tensors } from '../engine.ts'
import { uniformStream } from '../random.ts'
import { createWebGpuEngine, type WebGpuOptions } from './engine.ts'

const LORA: LoraConfig = { r: 3, lora_alpha: 12, lora_dropout: 0.3, target_modules: [...PROJECTIONS] }
const OPTIMISER = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.95,
  adam_epsilon: 1e-3,
  weight_decay: 0.1,
  max_grad_norm: 1,
}

const uniform = uniformStream(11)
const tokens = (count: number) => Int32Array.from({ length: count }, () => Math.floor(uniform() * TIED.vocab_size))

/** Two trees with branches of branches; a prompt of more than one tile; a segment without targets. */
const FOREST: Forest = [
  { tokens: tokens(19), parent: -1, targetStart: 19 },
  { tokens: tokens(3), parent: 0, targetStart: 0 },
  { tokens: tokens(5), parent: -1, targetStart: 2 },
  { tokens: tokens(17), parent: 1, targetStart: 0 },
  { tokens: tokens(4), parent: 1, targetStart: 1 },
  { tokens: tokens(1), parent: 2, targetStart: 1 },
  { tokens: tokens(3), parent: 5, targetStart: 0 },
  { tokens: tokens(1), parent: 0, targetStart: 0 },
]

/** An arbitrary loss whose derivative differs from target to target. */
const derivatives = (scores: Scores) => scores.logprobs.map((_, index) => Math.sin(index + 1))

/** Compares gradients with central differences of the reference's loss, along a random direction of each tensor. */
function checkGradients(gradients: Tensors, reference: ReferenceAdapter, loss: () => number) {
  expect([...gradients.keys()].sort()).toEqual([...reference.tensors.keys()].sort())
  const next = uniformStream(5)
  for (const [name, { data }] of gradients) {
    const values = reference.tensors.get(name)!
    const start = values.slice()
    const direction = Float64Array.from(data, () => (next() < 0.5 ? -1 : 1))
    const at = (h: number) => {
      for (let i = 0; i < values.length; i++) values[i] = start[i]! + h * direction[i]!
      return loss()
    }
    const numeric = (at(1e-5) - at(-1e-5)) / 2e-5
    values.set(start)
    const analytic = data.reduce((sum, value, i) => sum + value * direction[i]!, 0)
    const norm = Math.hypot(...data)
    expect(norm, name).toBeGreaterThan(0)
    expect(Math.abs(analytic - numeric), `${name}: ${analytic} and ${numeric}`).toBeLessThan(1e-3 * norm)
  }
}

describeWebGpu('the engine on WebGPU', () => {
  const open: Engine[] = []
  const make = async (config: ModelConfig, base: Tensors, options: WebGpuOptions = {}) => {
    const engine = await createWebGpuEngine(await sharedSoftwareDevice(), config, base, options)
    open.push(engine)
    return engine
  }
  afterAll(async () => {
    for (const engine of open) await engine.close()
  })

  test('scores, and gradients of an adapter whose activations are computed again', async () => {
    const base = randomModel(QWEN3, 1, 0.3)
    const lora = mixedLora(QWEN3)
    const engine = await make(QWEN3, base, { holding: { gradientCheckpointing: true } })
    const doubles = toDoubles(base)
    const tensors = randomAdapter(QWEN3, lora, 2, 0.3)
    await engine.addAdapter('a', lora, tensors)
    expect(await engine.adapterWeights('a')).toEqual(tensors)
    await engine.train('a')
    const trained = await engine.accumulate(FOREST, derivatives, 4_000_000_000)
    const reference = referenceAdapter(lora, tensors, 4_000_000_000)
    const forward = () => referenceScores(QWEN3, doubles, reference, FOREST).logprobs
    expectNear(trained.logprobs, forward(), 1e-4, 'logprobs')
    const d = derivatives(trained)
    checkGradients(await engine.gradients(), reference, () =>
      forward().reduce((sum, logprob, i) => sum + d[i]! * logprob, 0),
    )
  })

  test('more than 65,535 tokens, in several buffers; refusals that leave the engine well', async () => {
    const config = {
      ...TIED,
      vocab_size: 70_001,
      hidden_size: 8,
      num_attention_heads: 2,
      head_dim: 4,
      num_hidden_layers: 1,
    }
    const base = randomModel(config, 3, 0.3)
    const engine = await make(config, base, { bufferBytes: 2 ** 20 })
    const forest: Forest = [
      { tokens: Int32Array.of(69_999, 5), parent: -1, targetStart: 1 },
      { tokens: Int32Array.of(66_000, 70_000, 3, ...tokens(30)), parent: 0, targetStart: 0 },
    ]
    const expected = referenceScores(config, toDoubles(base), null, forest)
    const scores = await engine.logprobs(forest, null)
    expectNear(scores.logprobs, expected.logprobs, 1e-4, 'logprobs')
    expectNear(scores.entropies, expected.entropies, 1e-4, 'entropies')
    await expect(engine.accumulate(forest, derivatives)).rejects.toThrow(/train/)
    await expect(engine.logprobs(forest, 'absent')).rejects.toThrow(/absent/)
    await expect(engine.logprobs(forest, null, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
    expect(await engine.logprobs(forest, null)).toEqual(scores)
  })

  test('all weights are trained, in several buffers as in one', async () => {
    const config = { ...TIED, vocab_size: 3001 }
    const base = randomModel(config, 3, 0.3)
    const trained = []
    for (const options of [{}, { bufferBytes: 2 ** 17 }]) {
      const engine = await make(config, base, options)
      await engine.train(null)
      await engine.accumulate(FOREST, derivatives)
      const gradients = await engine.gradients()
      await engine.step(OPTIMISER)
      trained.push({ gradients, weights: await engine.baseWeights() })
    }
    const [one, several] = trained
    for (const kind of ['gradients', 'weights'] as const) {
      for (const [name, { data }] of one![kind])
        expectNear(several![kind].get(name)!.data, data, 1e-3, `${kind} ${name}`)
    }
  })

  test('a layer whose last matrix lies in several buffers has the gradients of one in a single buffer', async () => {
    const config = { ...TIED, intermediate_size: 2001 }
    const base = randomModel(config, 4, 0.1)
    const forest: Forest = [{ tokens: tokens(6), parent: -1, targetStart: 2 }]
    const trained = []
    for (const options of [{}, { bufferBytes: 2 ** 17 }]) {
      const engine = await make(config, base, options)
      await engine.addAdapter('a', LORA, randomAdapter(config, LORA, 2, 0.3))
      await engine.train('a')
      await engine.accumulate(forest, derivatives, 5)
      trained.push(await engine.gradients())
    }
    const [one, several] = trained
    for (const [name, { data }] of one!) expectNear(several!.get(name)!.data, data, 1e-3, name)
  })

  test('weights that are not floats are frozen', async () => {
    const engine = await make(TIED, randomModel(TIED, 1), { holding: { precision: 'bf16' } })
    await expect(engine.train(null)).rejects.toThrow('frozen')
  })
})

describeWebGpu('training on WebGPU', () => {
  const base = randomModel(TIED, 1, 0.3)
  const tensors = randomAdapter(TIED, LORA, 2, 0.3)
  let engine: Engine
  beforeAll(async () => {
    engine = await createWebGpuEngine(await sharedSoftwareDevice(), TIED, base, { rows: 30 })
    await engine.addAdapter('a', LORA, tensors)
  }, 300_000)
  afterAll(() => engine?.close())

  test('prompts that are shared, and trees computed apart, give the gradients of those that are not', async () => {
    const [prompt, chosen, rejected] = [tokens(18), tokens(4), tokens(3)]
    const shared: Forest = [
      { tokens: prompt!, parent: -1, targetStart: 18 },
      { tokens: chosen!, parent: 0, targetStart: 0 },
      { tokens: rejected!, parent: 0, targetStart: 0 },
    ]
    const alone: Forest = [chosen, rejected].map((answer) => ({
      tokens: Int32Array.of(...prompt!, ...answer!),
      parent: -1,
      targetStart: 18,
    }))
    await engine.train('a')
    const scores = await engine.accumulate(shared, derivatives)
    const gradients = await engine.gradients()
    await engine.train('a')
    expectNear((await engine.accumulate(alone, derivatives)).logprobs, scores.logprobs, 1e-4, 'logprobs')
    for (const [name, { data }] of await engine.gradients()) expectNear(gradients.get(name)!.data, data, 1e-3, name)
  })

  test('twenty steps of AdamW are those of the host, and the state goes out and in', async () => {
    await engine.train('a')
    const names = [...tensors.keys()]
    const values = new Map(names.map((name) => [name, tensors.get(name)!.data.slice()]))
    const moments = [0, 1].map(() => new Map(names.map((name) => [name, new Float32Array(values.get(name)!.length)])))
    for (let step = 1; step <= 20; step++) {
      await engine.accumulate(FOREST, derivatives, step)
      const gradients = await engine.gradients()
      const { grad_norm, factor } = clipping(gradients, OPTIMISER.max_grad_norm)
      for (const name of names) {
        const { data } = gradients.get(name)!
        const [m, v] = moments.map((of) => of.get(name)!)
        adamWStep(values.get(name)!, data, m!, v!, step, OPTIMISER, factor, true)
      }
      expect((await engine.step(OPTIMISER)).grad_norm / grad_norm).toBeCloseTo(1, 5)
      if (step === 10) {
        const state = await engine.optimizerState()
        expect(state.step).toBe(10)
        const weights = await engine.adapterWeights('a')
        await engine.removeAdapter('a')
        await engine.addAdapter('a', LORA, weights)
        await engine.train('a')
        await engine.setOptimizerState(state)
      }
    }
    for (const [name, { data }] of await engine.adapterWeights('a')) expectNear(data, values.get(name)!, 1e-4, name)
  })
})
