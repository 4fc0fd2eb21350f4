/** Compares every engine with the double-precision reference and with the others, on small random models. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeNative, TESTS_NATIVE } from '../../testing/native.ts'
import { mixedLora, randomAdapter, randomModel } from '../../testing/random-model.ts'
import { referenceAdapter } from '../../testing/reference-adapter.ts'
import { type Doubles, referenceScores, toDoubles } from '../../testing/reference-float64.ts'
import { LLAMA, QWEN3, TIED, UNTIED } from '../../testing/small-models.ts'
import { sharedSoftwareDevice } from '../../testing/software-device.ts'
import { TESTS_WEBGPU } from '../../testing/webgpu.ts'
import { PROJECTIONS } from '../config/choices.ts'
import { UserError } from '../messages/error.ts'
import type { DrawnToken, Engine, Forest, LoraConfig, ModelConfig, Scores, Tensors } from './engine.ts'
import { qwen2 } from './families.ts'
import { createNativeEngine } from './native/engine.ts'
import { uniformStream } from './random.ts'
import { createTfjsEngine } from './tfjs/engine.ts'
import { createWebGpuEngine } from './webgpu/engine.ts'

const LORA: LoraConfig = { r: 3, lora_alpha: 12, lora_dropout: 0.3, target_modules: [...PROJECTIONS] }
const PARTIAL: LoraConfig = { r: 2, lora_alpha: 2, lora_dropout: 0, target_modules: ['v_proj', 'gate_proj'] }
const OPTIMISER = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.95,
  // Large, so that a rounding error in a gradient near zero does not become a full step.
  adam_epsilon: 1e-3,
  weight_decay: 0.1,
  max_grad_norm: 1,
}
const DROPOUT_SEED = 4_000_000_000

const uniform = uniformStream(11)
const tokens = (count: number) => Int32Array.from({ length: count }, () => Math.floor(uniform() * TIED.vocab_size))

/** Two prompts, the second with its own targets; answers with a common beginning; one below a segment without targets. */
const FOREST: Forest = [
  { tokens: tokens(7), parent: -1, targetStart: 7 },
  { tokens: tokens(3), parent: 0, targetStart: 0 },
  { tokens: tokens(5), parent: -1, targetStart: 2 },
  { tokens: tokens(2), parent: 1, targetStart: 0 },
  { tokens: tokens(4), parent: 1, targetStart: 1 },
  { tokens: tokens(1), parent: 2, targetStart: 1 },
  { tokens: tokens(3), parent: 5, targetStart: 0 },
  { tokens: tokens(1), parent: 0, targetStart: 0 },
]

const ENGINES: Record<string, (config: ModelConfig, base: Tensors) => Promise<Engine>> = {
  'tfjs-wasm': (config, base) => createTfjsEngine(config, base, { backend: 'wasm' }),
  'tfjs-cpu': (config, base) => createTfjsEngine(config, base, { backend: 'cpu' }),
  ...(TESTS_NATIVE && {
    native: (config: ModelConfig, base: Tensors) => createNativeEngine(config, base, { threads: 2 }),
  }),
  ...(TESTS_WEBGPU && {
    webgpu: async (config: ModelConfig, base: Tensors) =>
      createWebGpuEngine(await sharedSoftwareDevice(), config, base),
  }),
}

/** An arbitrary loss: its derivative by the log-probability of a target, which differs from target to target. */
const slope = (index: number) => Math.fround(Math.sin(index + 1))
const derivatives = (scores: Scores) => scores.logprobs.map((_, index) => slope(index))

/** Central differences of the reference's loss. Each is computed once, for the first engine that it judges. */
class Differences {
  readonly #tensors: Doubles
  readonly #loss: () => number
  /** A random direction of every tensor. */
  readonly #directions: ReadonlyMap<string, Float64Array>
  readonly #known = new Map<string, number>()

  /** `logprobs` are those of FOREST with the tensors as they are at the call. */
  constructor(tensors: Doubles, logprobs: () => readonly number[]) {
    const next = uniformStream(5)
    this.#tensors = tensors
    this.#loss = () => logprobs().reduce((sum, logprob, index) => sum + slope(index) * logprob, 0)
    this.#directions = new Map([...tensors].map(([name, data]) => [name, data.map(() => (next() < 0.5 ? -1 : 1))]))
  }

  /** Compares gradients: those of every tensor along its random direction, and at the element with the largest. */
  judge(gradients: Tensors, tolerance: number): void {
    expect([...gradients.keys()].sort()).toEqual([...this.#tensors.keys()].sort())
    for (const [name, { data }] of gradients) {
      const norm = Math.hypot(...data)
      expect(norm, name).toBeGreaterThan(0)
      const largest = data.reduce((best, value, i) => (Math.abs(value) > Math.abs(data[best]!) ? i : best), 0)
      const axis = new Float64Array(data.length)
      axis[largest] = 1
      for (const [at, direction] of [
        ['random', this.#directions.get(name)!],
        [largest, axis],
      ] as const) {
        const numeric = this.#along(name, at, direction)
        const analytic = data.reduce((sum, value, i) => sum + value * direction[i]!, 0)
        expect(Math.abs(analytic - numeric), `${name}: ${analytic} and ${numeric}`).toBeLessThan(tolerance * norm)
      }
    }
  }

  #along(name: string, at: 'random' | number, direction: Float64Array): number {
    const key = `${name} ${at}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const values = this.#tensors.get(name)!
    const start = values.slice()
    const lossAt = (h: number) => {
      for (let i = 0; i < values.length; i++) values[i] = start[i]! + h * direction[i]!
      return this.#loss()
    }
    const difference = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5
    values.set(start)
    this.#known.set(key, difference)
    return difference
  }
}

const known = new Map<string, Differences>()

/** The differences of a case. The first engine that comes to it makes them. */
function differencesOf(name: string, make: () => Differences): Differences {
  const differences = known.get(name) ?? make()
  known.set(name, differences)
  return differences
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) {
  expect(actual.length, what).toBe(expected.length)
  const norm = Math.max(Math.hypot(...Array.from(expected)) / Math.sqrt(expected.length), 1e-3)
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!)
    if (!(difference <= tolerance * norm)) expect.fail(`${what}[${i}]: ${actual[i]} instead of ${expected[i]}`)
  }
}

function expectTensorsClose(actual: Tensors, expected: Tensors, tolerance: number) {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [name, { shape, data }] of expected) {
    expect(actual.get(name)!.shape).toEqual(shape)
    expectClose(actual.get(name)!.data, data, tolerance, name)
  }
}

// SwiftShader compiles the kernels of the engine on WebGPU for a while.
describe.each(Object.keys(ENGINES))('%s', { timeout: 120_000 }, (name) => {
  /** WGSL allows exp an error of several units in the last place. */
  const tolerance = name === 'webgpu' ? 1e-3 : 1e-4
  const open: Engine[] = []
  const make = async (config: ModelConfig, base = randomModel(config, 1, 0.3)) => {
    const engine = await ENGINES[name]!(config, base)
    open.push(engine)
    return engine
  }
  afterAll(async () => {
    for (const engine of open) await engine.close()
  })

  describe.each([
    ['tied', TIED],
    ['untied', UNTIED],
    ['Qwen3', QWEN3],
    ['Llama', LLAMA],
  ])('%s', (family, config) => {
    const base = randomModel(config, 1, 0.3)
    let engine: Engine
    beforeAll(async () => {
      engine = await make(config, base)
    })

    test('scores are the reference’s', async () => {
      const scores = await engine.logprobs(FOREST, null)
      const expected = referenceScores(config, toDoubles(base), null, FOREST)
      expectClose(scores.logprobs, expected.logprobs, 1e-4, 'logprobs')
      expectClose(scores.entropies, expected.entropies, 1e-4, 'entropies')
      expect([...scores.counts]).toEqual([0, 3, 3, 2, 3, 0, 3, 1])
      expect([...scores.starts]).toEqual([0, 0, 3, 6, 8, 11, 11, 14])
    })

    test('every gradient of the base agrees with finite differences', async () => {
      await engine.train(null)
      await engine.accumulate(FOREST, derivatives)
      const differences = differencesOf(family, () => {
        const doubles = toDoubles(base)
        return new Differences(doubles, () => referenceScores(config, doubles, null, FOREST).logprobs)
      })
      differences.judge(await engine.gradients(), tolerance)
    })

    const LAST = { ...LORA, layers_to_transform: [config.num_hidden_layers - 1] }
    test.each([
      ['LoRA on all projections', LORA, undefined],
      ['LoRA with dropout', LORA, DROPOUT_SEED],
      ['LoRA on two projections', PARTIAL, undefined],
      ['LoRA of different modules, ranks and scales', mixedLora(config), undefined],
      ['LoRA of different modules with dropout', mixedLora(config), DROPOUT_SEED],
      ['LoRA on the last layer by its number', LAST, DROPOUT_SEED],
      ['LoRA in the last layer alone', mixedLora(config, config.num_hidden_layers - 1), undefined],
    ])('%s: scores and every gradient agree', async (adapter, lora, dropoutSeed) => {
      const tensors = randomAdapter(config, lora, 2, 0.3)
      await engine.addAdapter(adapter, lora, tensors)
      await engine.train(adapter)
      const scores = await engine.accumulate(FOREST, derivatives, dropoutSeed)
      const reference = referenceAdapter(lora, tensors, dropoutSeed)
      const doubles = toDoubles(base)
      const forward = () => referenceScores(config, doubles, reference, FOREST).logprobs
      expectClose(scores.logprobs, forward(), 1e-4, 'logprobs')
      const differences = differencesOf(`${family}, ${adapter}`, () => new Differences(reference.tensors, forward))
      differences.judge(await engine.gradients(), tolerance)
      expect(await engine.baseWeights()).toEqual(base)
      const undropped = referenceScores(config, doubles, referenceAdapter(lora, tensors), FOREST)
      expectClose((await engine.logprobs(FOREST, adapter)).logprobs, undropped.logprobs, 1e-4, 'logprobs')
    })

    test('a prompt that is shared gives the scores and gradients of prompts that are not', async () => {
      const [prompt, chosen, rejected] = [tokens(9), tokens(4), tokens(3)]
      const shared: Forest = [
        { tokens: prompt, parent: -1, targetStart: 9 },
        { tokens: chosen, parent: 0, targetStart: 0 },
        { tokens: rejected, parent: 0, targetStart: 0 },
      ]
      const alone: Forest = [chosen, rejected].map((answer) => ({
        tokens: Int32Array.of(...prompt, ...answer),
        parent: -1,
        targetStart: 9,
      }))
      await engine.train(null)
      const scores = await engine.accumulate(shared, derivatives)
      const gradients = await engine.gradients()
      await engine.train(null)
      expectClose(scores.logprobs, (await engine.accumulate(alone, derivatives)).logprobs, 1e-4, 'logprobs')
      expectTensorsClose(gradients, await engine.gradients(), 1e-3)
    })

    test('what several shared prompts begin with gives the gradients of prompts that share nothing', async () => {
      const [system, page, one, two, three, ...answers] = [
        tokens(7),
        tokens(3),
        tokens(4),
        tokens(1),
        tokens(2),
        tokens(3),
        tokens(2),
        tokens(4),
        tokens(1),
      ]
      const shared: Forest = [
        { tokens: system!, parent: -1, targetStart: 7 },
        { tokens: page!, parent: 0, targetStart: 3 },
        { tokens: one!, parent: 1, targetStart: 4 },
        { tokens: answers[0]!, parent: 2, targetStart: 0 },
        { tokens: answers[1]!, parent: 2, targetStart: 0 },
        { tokens: two!, parent: 1, targetStart: 1 },
        { tokens: answers[2]!, parent: 5, targetStart: 0 },
        { tokens: three!, parent: 0, targetStart: 2 },
        { tokens: answers[3]!, parent: 7, targetStart: 0 },
      ]
      const prompts = [[...page!, ...one!], [...page!, ...one!], [...page!, ...two!], three!]
      const alone: Forest = answers.map((answer, i) => {
        const prompt = [...system!, ...prompts[i]!]
        return { tokens: Int32Array.of(...prompt, ...answer), parent: -1, targetStart: prompt.length }
      })
      await engine.train(null)
      const scores = await engine.accumulate(shared, derivatives)
      const gradients = await engine.gradients()
      await engine.train(null)
      expectClose(scores.logprobs, (await engine.accumulate(alone, derivatives)).logprobs, 1e-4, 'logprobs')
      expectTensorsClose(gradients, await engine.gradients(), 1e-3)
    })

    test('generation is the full forward, token by token', async () => {
      const prompts = [tokens(5), tokens(8), tokens(5)]
      prompts.push(prompts[0]!)
      const sampling = { temperature: 0, top_p: 1, max_new_tokens: 6, stop_token_ids: [], seeds: [1, 2, 3, 4] }
      const lora = mixedLora(config)
      await engine.addAdapter('mixed', lora, randomAdapter(config, lora, 3, 0.3))
      const completions = await engine.generate(prompts, sampling, 'mixed')
      expect([...completions[3]!.tokens]).toEqual([...completions[0]!.tokens])
      for (const [index, { tokens, logprobs, stopped }] of completions.entries()) {
        expect(tokens).toHaveLength(6)
        expect(stopped).toBe(false)
        const scores = await engine.logprobs(
          [
            { tokens: prompts[index]!, parent: -1, targetStart: prompts[index]!.length },
            { tokens, parent: 0, targetStart: 0 },
          ],
          'mixed',
        )
        expect([...scores.hits]).toEqual([1, 1, 1, 1, 1, 1])
        expectClose(logprobs, scores.logprobs, 1e-4, 'logprobs')
      }
      // The same, stopped by one of its own tokens.
      const end = completions[0]!.tokens[2]!
      const [ended] = await engine.generate([prompts[0]!], { ...sampling, stop_token_ids: [end], seeds: [1] }, 'mixed')
      expect(ended!.stopped).toBe(true)
      expect([...ended!.tokens]).toEqual([...completions[0]!.tokens.slice(0, completions[0]!.tokens.indexOf(end) + 1)])
    })
  })

  test('samples follow the distribution, and depend on their seed alone', async () => {
    const engine = await make(TIED)
    const prompt = tokens(6)
    const sampling = { temperature: 1.5, top_p: 1, max_new_tokens: 1, stop_token_ids: [] }
    // SwiftShader takes seconds for a thousand.
    const draws = name === 'webgpu' ? 1000 : 3000
    const seeds = Array.from({ length: draws }, (_, index) => index * 7919)
    const drawn = await engine.generate(
      seeds.map(() => prompt),
      { ...sampling, seeds },
      null,
    )
    const all: Forest = [
      { tokens: prompt, parent: -1, targetStart: 6 },
      ...Array.from({ length: TIED.vocab_size }, (_, id) => ({ tokens: Int32Array.of(id), parent: 0, targetStart: 0 })),
    ]
    const logprobs = (await engine.logprobs(all, null)).logprobs
    const tempered = [...logprobs].map((logprob) => Math.exp(logprob / 1.5))
    const total = tempered.reduce((sum, weight) => sum + weight, 0)
    const counts = new Array<number>(TIED.vocab_size).fill(0)
    for (const { tokens, logprobs: reported } of drawn) {
      counts[tokens[0]!]!++
      expect(reported[0]).toBeCloseTo(logprobs[tokens[0]!]!, 3)
    }
    // Pearson's chi-squared with 22 degrees of freedom stays below 48.3 in 999 of 1000 cases.
    const chiSquared = counts.reduce((sum, count, id) => {
      const expected = (draws * tempered[id]!) / total
      return sum + (count - expected) ** 2 / expected
    }, 0)
    expect(chiSquared).toBeLessThan(48.3)

    const several = { ...sampling, max_new_tokens: 5 }
    const [first, second] = await engine.generate([prompt, tokens(4)], { ...several, seeds: [77, 3] }, null)
    const [, again] = await engine.generate([tokens(3), prompt, prompt], { ...several, seeds: [5, 77, 6] }, null)
    expect([...again!.tokens]).toEqual([...first!.tokens])
    expect([...second!.tokens]).not.toEqual([...first!.tokens])
  })

  test('tokens are told as they are drawn, and a listener or a signal ends the call', async () => {
    const engine = await make(TIED)
    const prompts = [tokens(5), tokens(34)]
    const sampling = { temperature: 1, top_p: 1, max_new_tokens: 12, stop_token_ids: [3], seeds: [1, 2] }
    const told: { tokens: number[]; logprobs: number[] }[] = prompts.map(() => ({ tokens: [], logprobs: [] }))
    const onToken = ({ prompt, token, logprob }: DrawnToken) => {
      told[prompt]!.tokens.push(token)
      told[prompt]!.logprobs.push(logprob)
    }
    const completions = await engine.generate(prompts, sampling, null, { onToken })
    expect(told.map(({ tokens }) => tokens)).toEqual(completions.map(({ tokens }) => [...tokens]))
    told.forEach(({ logprobs }, i) => {
      expect(Float32Array.from(logprobs)).toEqual(completions[i]!.logprobs)
    })

    const long = { ...sampling, stop_token_ids: [], max_new_tokens: 24 }
    const controller = new AbortController()
    let drawn = 0
    const stopping = engine.generate(prompts, long, null, {
      signal: controller.signal,
      onToken: () => ++drawn === 3 && controller.abort(new Error('enough')),
    })
    await expect(stopping).rejects.toThrow('enough')
    await expect(engine.generate(prompts, long, null, { signal: controller.signal })).rejects.toThrow('enough')
    const failing = engine.generate(prompts, long, null, {
      onToken: () => {
        throw new Error('not this one')
      },
    })
    await expect(failing).rejects.toThrow('not this one')
    expect(await engine.generate(prompts, sampling, null)).toEqual(completions)
  })

  test('the nucleus leaves unlikely tokens out', async () => {
    const engine = await make(TIED)
    const prompt = tokens(6)
    const greedy = { temperature: 0, top_p: 1, max_new_tokens: 1, stop_token_ids: [] }
    const [best] = await engine.generate([prompt], { ...greedy, seeds: [0] }, null)
    const seeds = Array.from({ length: 50 }, (_, index) => index)
    const drawn = await engine.generate(
      seeds.map(() => prompt),
      { ...greedy, temperature: 1, top_p: 1e-6, seeds },
      null,
    )
    expect(new Set(drawn.map(({ tokens }) => tokens[0]))).toEqual(new Set([best!.tokens[0]]))
  })

  test('training goes on from a saved optimiser state exactly where it was', async () => {
    const tensors = randomAdapter(TIED, LORA, 3, 0.3)
    const engine = await make(TIED)
    await engine.addAdapter('a', LORA, tensors)
    await engine.train('a')
    const update = async (on: Engine, seed: number) => {
      await on.accumulate(FOREST, derivatives, seed)
      await on.accumulate(FOREST, derivatives)
      return (await on.step(OPTIMISER)).grad_norm
    }
    for (const seed of [1, 2]) expect(await update(engine, seed)).toBeGreaterThan(0)
    const resumed = await make(TIED)
    await resumed.addAdapter('b', LORA, await engine.adapterWeights('a'))
    await resumed.train('b')
    await resumed.setOptimizerState(await engine.optimizerState())
    expect(await update(resumed, 3)).toBe(await update(engine, 3))
    expect(await resumed.adapterWeights('b')).toEqual(await engine.adapterWeights('a'))
    expect(await engine.adapterWeights('a')).not.toEqual(tensors)
    expect((await engine.optimizerState()).step).toBe(3)
    await engine.train('a')
    expect((await engine.optimizerState()).step).toBe(0)
  })

  test('calls are queued, and a failed one leaves the next unharmed', async () => {
    const engine = await make(TIED)
    const scores = engine.logprobs(FOREST, null)
    const failed = engine.accumulate(FOREST, derivatives)
    await expect(failed).rejects.toThrow(/train/)
    await expect(engine.logprobs(FOREST, 'absent')).rejects.toThrow(/absent/)
    const thrown = engine.train(null).then(() =>
      engine.accumulate(FOREST, () => {
        throw new Error('no loss')
      }),
    )
    await expect(thrown).rejects.toThrow('no loss')
    expect(await engine.logprobs(FOREST, null)).toEqual(await scores)
    expect((await engine.step(OPTIMISER)).grad_norm).toBe(0)
    await expect(engine.addAdapter('a', LORA, randomAdapter(TIED, PARTIAL, 1))).rejects.toThrow()
    await expect(engine.logprobs([{ tokens: Int32Array.of(99), parent: -1, targetStart: 1 }], null)).rejects.toThrow()
  })

  test('a sequence and a prompt that are longer than the model are refused, and the engine goes on', async () => {
    const engine = await make(TIED)
    const long: Forest = [
      { tokens: tokens(60), parent: -1, targetStart: 60 },
      { tokens: tokens(5), parent: 0, targetStart: 0 },
    ]
    await engine.train(null)
    const told = 'A sequence has 65 tokens, but the model takes at most 64 (max_position_embeddings); shorten the text.'
    for (const call of [engine.logprobs(long, null), engine.accumulate(long, derivatives)]) {
      const error = await call.then(null, (thrown) => thrown)
      expect(error).toBeInstanceOf(UserError)
      expect(error.message).toBe(told)
    }
    const sampling = { temperature: 0, top_p: 1, max_new_tokens: 5, stop_token_ids: [], seeds: [0] }
    const refused = await engine.generate([tokens(60)], sampling, null).then(null, (thrown) => thrown)
    expect(refused).toBeInstanceOf(UserError)
    expect(refused.message).toMatch(/^The prompt has 60 tokens and the answer may have 5, .* at most 64/)
    expect(await engine.generate([tokens(59)], sampling, null)).toHaveLength(1)
    expect((await engine.logprobs(FOREST, null)).logprobs.length).toBeGreaterThan(0)
  })

  test('an aborted call rejects with the reason, and changes neither weights nor optimiser', async () => {
    const engine = await make(TIED)
    await engine.train(null)
    const before = await engine.baseWeights()
    const stop = AbortSignal.abort(new Error('stopped'))
    await expect(engine.logprobs(FOREST, null, stop)).rejects.toThrow('stopped')
    const within = new AbortController()
    const slopes = (scores: Scores) => {
      within.abort(new Error('stopped within'))
      return derivatives(scores)
    }
    await expect(engine.accumulate(FOREST, slopes, undefined, within.signal)).rejects.toThrow('stopped within')
    expect(await engine.baseWeights()).toEqual(before)
    expect((await engine.optimizerState()).step).toBe(0)
    await engine.train(null)
    expect((await engine.step(OPTIMISER)).grad_norm).toBe(0)
  })

  test('weights that have diverged end training and generating with a sentence', async () => {
    const wild = new Map(
      [...randomModel(TIED, 5, 0.2)].map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((x) => 1e30 * x) },
      ]),
    )
    const engine = await make(TIED, wild)
    const sampling = { temperature: 1, top_p: 1, max_new_tokens: 5, stop_token_ids: [], seeds: [0] }
    const refused = await engine.generate([tokens(5)], sampling, null).then(null, (thrown) => thrown)
    expect(refused).toBeInstanceOf(UserError)
    expect(refused.message).toMatch(/NaN or infinity in place of the probabilities/)
    await engine.train(null)
    await engine.accumulate(FOREST, derivatives)
    const diverged = await engine.step(OPTIMISER).then(null, (thrown) => thrown)
    expect(diverged).toBeInstanceOf(UserError)
    expect(diverged.message).toMatch(/gradient holds NaN or infinity.* lower learning rate/)
  })

  test('without targets there is nothing to score', async () => {
    const engine = await make(TIED)
    const none: Forest = [{ tokens: tokens(3), parent: -1, targetStart: 3 }]
    const scores = await engine.logprobs(none, null)
    expect(scores.logprobs).toHaveLength(0)
    expect([...scores.counts]).toEqual([0])
    expect(
      await engine.generate([], { temperature: 0, top_p: 1, max_new_tokens: 2, stop_token_ids: [], seeds: [] }, null),
    ).toEqual([])
  })
})

describeNative('native against tfjs', () => {
  const config = qwen2({
    ...TIED,
    vocab_size: 300,
    hidden_size: 64,
    intermediate_size: 172,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 256,
  })
  const base = randomModel(config, 4, 0.1)
  const even: LoraConfig = { ...LORA, r: 8 }
  const next = uniformStream(9)
  const some = (count: number) => Int32Array.from({ length: count }, () => Math.floor(next() * 300))
  const forest: Forest = [3, 40, 90].flatMap((length, tree) => [
    { tokens: some(length), parent: -1, targetStart: length },
    { tokens: some(17), parent: 3 * tree, targetStart: 0 },
    { tokens: some(26), parent: 3 * tree, targetStart: 0 },
  ])
  let engines: Engine[]
  beforeAll(async () => {
    engines = [await ENGINES.native!(config, base), await ENGINES['tfjs-wasm']!(config, base)]
  })
  afterAll(() => Promise.all(engines.map((engine) => engine.close())))

  test.each([1, 0.8])('the same seeds draw the same completions at top_p %d', async (top_p) => {
    const prompts = [some(9), some(20), some(9)]
    const sampling = { temperature: 1.2, top_p, max_new_tokens: 12, stop_token_ids: [5, 6, 7], seeds: [1, 4e9, 3] }
    const [native, tfjs] = await Promise.all(engines.map((engine) => engine.generate(prompts, sampling, null)))
    for (const [index, { tokens, logprobs, stopped }] of native!.entries()) {
      expect([...tokens]).toEqual([...tfjs![index]!.tokens])
      expect(stopped).toBe(tfjs![index]!.stopped)
      expectClose(logprobs, tfjs![index]!.logprobs, 1e-4, 'logprobs')
    }
  })

  test.each([
    ['all base weights', null, undefined],
    ['LoRA', 'plain', undefined],
    ['LoRA with dropout', 'dropped', 123],
    ['LoRA of different modules', 'mixed', 123],
  ])('%s: scores, entropies, gradients and three steps agree', async (_, adapter, dropoutSeed) => {
    const outcomes = []
    const lora = adapter === 'mixed' ? mixedLora(config, 1) : even
    for (const engine of engines) {
      if (adapter !== null) await engine.addAdapter(adapter, lora, randomAdapter(config, lora, 6, 0.1))
      await engine.train(adapter)
      const scores = await engine.accumulate(forest, derivatives, dropoutSeed)
      const gradients = await engine.gradients()
      for (let step = 0; step < 3; step++) {
        await engine.step(OPTIMISER)
        await engine.accumulate(forest, derivatives, dropoutSeed)
      }
      const weights = adapter === null ? await engine.baseWeights() : await engine.adapterWeights(adapter)
      outcomes.push({ scores, gradients, weights })
    }
    const [native, tfjs] = outcomes
    expectClose(native!.scores.logprobs, tfjs!.scores.logprobs, 1e-4, 'logprobs')
    expectClose(native!.scores.entropies, tfjs!.scores.entropies, 1e-4, 'entropies')
    expect(native!.scores.hits).toEqual(tfjs!.scores.hits)
    expectTensorsClose(native!.gradients, tfjs!.gradients, 2e-3)
    expectTensorsClose(native!.weights, tfjs!.weights, 2e-2)
  })
})
