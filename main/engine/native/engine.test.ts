/**
 * Tests the native engine alone; parity.test.ts compares it with the other engines. In double precision its gradients must
 * match finite differences of its own loss to many digits, and every instruction set and thread count must match double
 * precision.
 */

import { describe, expect, test } from 'vitest'
import { describeNative } from '../../../testing/native.ts'
import { mixedLora, randomAdapter, randomModel } from '../../../testing/random-model.ts'
import { PROJECTIONS } from '../../config/choices.ts'
import type { Engine, Forest, LoraConfig, ModelConfig, Scores, Tensors } from '../engine.ts'
import { qwen2 } from '../families.ts'
import { uniformStream } from '../random.ts'
import { type FlatTensors, loadAddon, type NativeEngine, type OpenOptions } from './addon.ts'
import { createNativeEngine, flattenForest, flattenLora, type NativeOptions } from './engine.ts'

const TINY = qwen2({
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
})
/** No size is a multiple of a vector's width. Three query heads a key head; a head of 10. */
const ODD = qwen2({
  ...TINY,
  vocab_size: 131,
  hidden_size: 60,
  intermediate_size: 77,
  num_attention_heads: 6,
  num_key_value_heads: 2,
})
/** Whole vectors; more than one panel in every direction. */
const EVEN = qwen2({
  ...TINY,
  vocab_size: 320,
  hidden_size: 64,
  intermediate_size: 288,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: false,
})
/** One head of more than two panels. */
const TALL = qwen2({
  ...TINY,
  hidden_size: 80,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  intermediate_size: 40,
})
/** More query heads a key head than any tile has rows, and the smallest possible heads. */
const MANY = qwen2({ ...TINY, hidden_size: 28, num_attention_heads: 14 })
/** Qwen3: norms on q and k, heads that are wider together than the hidden size, no biases. */
const NORMED: ModelConfig = { ...ODD, model_type: 'qwen3', head_dim: 14, attention_bias: false }
const LORA: LoraConfig = { r: 3, lora_alpha: 6, lora_dropout: 0, target_modules: [...PROJECTIONS] }
const GREEDY = { temperature: 0, top_p: 1, max_new_tokens: 8, stop_token_ids: [] }
const ADAMW = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.99,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}

const uniform = uniformStream(3)
const tokens = (count: number, config: ModelConfig, draw = uniform) =>
  Int32Array.from({ length: count }, () => Math.floor(draw() * config.vocab_size))

/** Two trees; a prompt with two levels of children; a root with its own targets. */
function forest(config: ModelConfig, size: number, draw = uniform): Forest {
  return [
    { tokens: tokens(3 * size, config, draw), parent: -1, targetStart: 3 * size },
    { tokens: tokens(size, config, draw), parent: 0, targetStart: 0 },
    { tokens: tokens(size + 1, config, draw), parent: 0, targetStart: 1 },
    { tokens: tokens(2 * size + 1, config, draw), parent: -1, targetStart: 2 },
    { tokens: tokens(2, config, draw), parent: 1, targetStart: 0 },
    { tokens: tokens(size + 3, config, draw), parent: 3, targetStart: size },
  ]
}

/** Derivatives that differ from target to target. The loss is the log-probabilities' sum, weighted by them. */
const slope = (index: number) => Math.fround(Math.sin(index + 1))
const slopes = ({ logprobs }: { logprobs: Float32Array }) => logprobs.map((_, index) => slope(index))

function open(
  config: ModelConfig,
  options: NativeOptions = {},
  base: Tensors = randomModel(config, 1, 0.2),
): Promise<Engine> {
  return createNativeEngine(config, base, { threads: 2, ...options })
}

async function using<R>(engine: Engine, work: (engine: Engine) => Promise<R>): Promise<R> {
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** |actual - expected| / |expected| over all tensors together. */
function distance(actual: Tensors, expected: Tensors): number {
  let difference = 0
  let size = 0
  expect([...actual.keys()]).toEqual([...expected.keys()])
  for (const [name, { data }] of expected) {
    const other = actual.get(name)!.data
    for (let i = 0; i < data.length; i++) {
      difference += (other[i]! - data[i]!) ** 2
      size += data[i]! ** 2
    }
  }
  return Math.sqrt(difference / size)
}

/** Scores and gradients of a full-parameter and a LoRA step. */
async function results(config: ModelConfig, batch: Forest, options: NativeOptions) {
  return using(await open(config, options), async (engine) => {
    await engine.addAdapter('lora', LORA, randomAdapter(config, LORA, 2, 0.2))
    await engine.train(null)
    const full = await engine.accumulate(batch, slopes)
    const fullGradients = await engine.gradients()
    await engine.train('lora')
    const lora = await engine.accumulate(batch, slopes)
    return { full, fullGradients, lora, loraGradients: await engine.gradients() }
  })
}

describeNative('the native engine', () => {
  describe('in double precision', () => {
    const batch = forest(TINY, 2)
    const flat = (tensors: Tensors): FlatTensors =>
      Object.fromEntries([...tensors].map(([name, { data }]) => [name, data.slice()]))
    const base = flat(randomModel(TINY, 1, 0.5))
    const loras = { lora: LORA, mixed: mixedLora(TINY), 'last layer': mixedLora(TINY, TINY.num_hidden_layers - 1) }
    type Trained = 'base' | keyof typeof loras
    const weightsOf = {
      base,
      ...Object.fromEntries(
        Object.entries(loras).map(([name, lora]) => [
          name,
          flat(randomAdapter(TINY, lora, 2, lora === LORA ? 0.5 : 0.15)),
        ]),
      ),
    } as Record<Trained, FlatTensors>
    const options: OpenOptions = {
      threads: 1,
      instructions: '',
      precision: 'float64',
      products: 'fp32',
      headPrecision: 'bf16',
      keptBytes: 0,
      cacheBytes: 2 ** 20,
    }

    async function prepare(trained: Trained): Promise<NativeEngine> {
      const engine = new (loadAddon().NativeEngine)()
      await engine.open(TINY, options)
      for (const [name, values] of Object.entries(base)) {
        await engine.fill(name, 0, 'F32', new Uint8Array(values.buffer))
      }
      await engine.ready()
      if (trained !== 'base') await engine.addAdapter('lora', flattenLora(TINY, loras[trained]), weightsOf[trained])
      return engine
    }

    async function loss(trained: Trained): Promise<number> {
      const engine = await prepare(trained)
      const scores = await engine.logprobs(flattenForest(batch), trained === 'base' ? null : 'lora')
      await engine.close()
      return scores.logprobs.reduce((sum, logprob, index) => sum + slope(index) * logprob, 0)
    }

    test.each(['base', 'lora', 'mixed', 'last layer'] as const)(
      'every derivative of the %s is the finite difference',
      async (trained) => {
        const engine = await prepare(trained)
        await engine.train(trained === 'base' ? null : 'lora')
        const scores = await engine.forward(flattenForest(batch), undefined)
        await engine.backward(Float32Array.from(scores.logprobs, (_, index) => slope(index)))
        const gradients = await engine.gradients()
        await engine.close()
        const weights = weightsOf[trained]
        for (const [name, values] of Object.entries(weights)) {
          // Every fifth element of every tensor; each tensor starts at another one.
          for (let i = name.length % 3; i < values.length; i += 5) {
            const value = values[i]!
            const difference = async (h: number) => {
              values[i] = value + h
              const [above, x] = [await loss(trained), values[i]!]
              values[i] = value - h
              const [below, y] = [await loss(trained), values[i]!]
              values[i] = value
              return (above - below) / (x - y)
            }
            // Richardson's extrapolation, with an error of fourth order in h.
            const numeric = (4 * (await difference(2 ** -9)) - (await difference(2 ** -8))) / 3
            const analytic = gradients[name]![i]!
            expect(Math.abs(analytic - numeric), `${name}[${i}]: ${analytic}, numerically ${numeric}`).toBeLessThan(
              2e-6 * Math.max(1, Math.abs(numeric)),
            )
          }
        }
      },
    )

    test('a shared prompt gives what repeated prompts give', async () => {
      const [prompt, more, chosen, rejected] = [tokens(9, ODD), tokens(3, ODD), tokens(4, ODD), tokens(5, ODD)]
      const shared: Forest = [
        { tokens: prompt, parent: -1, targetStart: 9 },
        { tokens: more, parent: 0, targetStart: 3 },
        { tokens: chosen, parent: 1, targetStart: 0 },
        { tokens: rejected, parent: 1, targetStart: 0 },
      ]
      const alone: Forest = [chosen, rejected].map((answer) => ({
        tokens: Int32Array.of(...prompt, ...more, ...answer),
        parent: -1,
        targetStart: 12,
      }))
      const [a, b] = [
        await results(ODD, shared, { precision: 'float64' }),
        await results(ODD, alone, { precision: 'float64' }),
      ]
      expect(a.full.logprobs).toEqual(b.full.logprobs)
      expect(a.lora.entropies).toEqual(b.lora.entropies)
      expect(distance(a.fullGradients, b.fullGradients)).toBeLessThan(1e-7)
      expect(distance(a.loraGradients, b.loraGradients)).toBeLessThan(1e-7)
    })
  })

  describe.each([
    ['odd sizes', ODD, 5],
    ['even sizes', EVEN, 40],
    ['a tall head', TALL, 4],
    ['many heads', MANY, 20],
    ['norms on q and k', NORMED, 5],
  ])('%s', (_, config, size) => {
    // Its own tokens, so that the other cases keep theirs.
    const batch = forest(config, size, config === NORMED ? uniformStream(4) : uniform)
    const exact = results(config, batch, { precision: 'float64', threads: 1 })

    test.each([
      ['portable', 1],
      ['avx2', 2],
      ['avx512', 1],
      ['amx', 2],
      ['', 3],
      ['', 7],
    ] as const)('instructions %j on %i threads agree with double precision', async (instructions, threads) => {
      let actual: Awaited<typeof exact>
      try {
        actual = await results(config, batch, { instructions, threads })
      } catch (error) {
        expect(String(error)).toContain('cannot run on this machine')
        return
      }
      const expected = await exact
      for (const key of ['full', 'lora'] as const) {
        for (const [i, logprob] of expected[key].logprobs.entries()) {
          expect(Math.abs(actual[key].logprobs[i]! - logprob)).toBeLessThan(1e-5 * Math.max(1, Math.abs(logprob)))
          expect(Math.abs(actual[key].entropies[i]! - expected[key].entropies[i]!)).toBeLessThan(5e-5)
        }
        expect(actual[key].hits).toEqual(expected[key].hits)
      }
      expect(distance(actual.fullGradients, expected.fullGradients)).toBeLessThan(1e-5)
      expect(distance(actual.loraGradients, expected.loraGradients)).toBeLessThan(1e-5)
      expect(await results(config, batch, { instructions, threads })).toEqual(actual)
    })
  })

  // These are the errors of an eight-bit mantissa. A mistake in a kernel makes errors some hundred times as large.
  test.each([
    ['odd sizes', ODD, 5, 1],
    ['more than a panel in every direction', { ...ODD, intermediate_size: 1031, tie_word_embeddings: false }, 80, 3],
  ])('products in bf16 come close to double precision: %s', async (_, config, size, threads) => {
    const batch = forest(config, size)
    const expected = await results(config, batch, { precision: 'float64' })
    for (const instructions of ['', 'avx512', 'amx'] as const) {
      const options: NativeOptions = { products: 'bf16', instructions, threads }
      let actual: typeof expected
      try {
        actual = await results(config, batch, options)
      } catch (error) {
        expect(String(error)).toContain('cannot run on this machine')
        continue
      }
      for (const key of ['full', 'lora'] as const) {
        for (const [i, logprob] of expected[key].logprobs.entries()) {
          expect(Math.abs(actual[key].logprobs[i]! - logprob)).toBeLessThan(0.05 * Math.max(1, Math.abs(logprob)))
          expect(Math.abs(actual[key].entropies[i]! - expected[key].entropies[i]!)).toBeLessThan(0.1)
        }
      }
      expect(distance(actual.fullGradients, expected.fullGradients)).toBeLessThan(0.04)
      expect(distance(actual.loraGradients, expected.loraGradients)).toBeLessThan(0.04)
      expect(await results(config, batch, options)).toEqual(actual)
    }
  })

  test.each([
    ['all weights', null],
    ['an adapter', 'lora'],
  ])('learns a batch by heart with %s', async (_, target) => {
    const batch = forest(EVEN, 4)
    await using(await open(EVEN), async (engine) => {
      const lora = { ...LORA, r: 8, lora_dropout: 0.05 }
      await engine.addAdapter('lora', lora, randomAdapter(EVEN, lora, 2, 0.1))
      const frozen = target === null ? await engine.adapterWeights('lora') : await engine.baseWeights()
      await engine.train(target)
      const mean = (logprobs: Float32Array) => logprobs.reduce((sum, logprob) => sum + logprob, 0) / logprobs.length
      const before = mean((await engine.logprobs(batch, target)).logprobs)
      for (let step = 0; step < 150; step++) {
        await engine.accumulate(batch, ({ logprobs }) => logprobs.map(() => -1 / logprobs.length), step)
        await engine.step(ADAMW)
      }
      expect(before).toBeLessThan(-4)
      expect(mean((await engine.logprobs(batch, target)).logprobs)).toBeGreaterThan(-0.05)
      expect(target === null ? await engine.adapterWeights('lora') : await engine.baseWeights()).toEqual(frozen)
    })
  })

  test('adapters do not disturb each other or the base', async () => {
    const batch = forest(ODD, 4)
    await using(await open(ODD), async (engine) => {
      const plain = await engine.logprobs(batch, null)
      await engine.addAdapter('a', LORA, randomAdapter(ODD, LORA, 2, 0.2))
      const small: LoraConfig = { ...LORA, r: 2, target_modules: ['down_proj', 'q_proj'] }
      await engine.addAdapter('b', small, randomAdapter(ODD, small, 3, 0.2))
      const [a, b] = [await engine.logprobs(batch, 'a'), await engine.logprobs(batch, 'b')]
      expect(a.logprobs).not.toEqual(plain.logprobs)
      expect(b.logprobs).not.toEqual(a.logprobs)
      await engine.train('a')
      await engine.accumulate(batch, slopes)
      expect(await engine.logprobs(batch, 'b')).toEqual(b)
      await engine.step(ADAMW)
      expect(await engine.logprobs(batch, null)).toEqual(plain)
      expect(await engine.logprobs(batch, 'b')).toEqual(b)
      expect((await engine.logprobs(batch, 'a')).logprobs).not.toEqual(a.logprobs)
      await engine.removeAdapter('a')
      await expect(engine.logprobs(batch, 'a')).rejects.toThrow("there is no adapter 'a'")
      await expect(engine.step(ADAMW)).rejects.toThrow('nothing is being trained')
    })
  })

  test.skipIf(process.platform !== 'linux')(
    'what a training worked in is given back with its adapter, and the next one finds its own',
    async () => {
      const wide = { ...EVEN, intermediate_size: 1024, num_hidden_layers: 12, max_position_embeddings: 1024 }
      const tokens = Int32Array.from({ length: 600 }, (_, i) => (7 * i) % wide.vocab_size)
      const batch: Forest = [{ tokens, parent: -1, targetStart: 500 }]
      await using(await open(wide), async (engine) => {
        const trained = async (lora = LORA) => {
          await engine.addAdapter('a', lora, randomAdapter(wide, lora, 2, 0.2))
          await engine.train('a')
          await engine.accumulate(batch, slopes)
          const gradients = await engine.gradients()
          const before = process.memoryUsage.rss()
          await engine.removeAdapter('a')
          return { gradients, freed: before - process.memoryUsage.rss() }
        }
        const first = await trained()
        // Gate and up alone are 600 x 2,048 floats a layer.
        expect(first.freed).toBeGreaterThan(40e6)
        const second = await trained()
        expect(second.freed).toBeGreaterThan(40e6)
        expect(second.gradients).toEqual(first.gradients)
        // Of eleven of the twelve layers nothing is kept. Half, because what one layer and the loss work in differs by processor.
        const last = await trained({ ...LORA, layers_to_transform: [11] })
        expect(last.freed).toBeLessThan(second.freed / 2)
      })
    },
  )

  test('two halves of a batch add up to its gradient', async () => {
    const batch = forest(ODD, 4)
    await using(await open(ODD), async (engine) => {
      await engine.train(null)
      const scores = await engine.accumulate(batch, slopes)
      const whole = await engine.gradients()
      await engine.train(null)
      // One segment of the first tree is scored after the second tree's targets.
      const second = scores.starts[3]!
      const [a, b, c] = [scores.counts[3]!, scores.counts[4]!, scores.counts[5]!]
      const first = [batch[0]!, batch[1]!, batch[2]!, batch[4]!]
      const rest = [batch[3]!, { ...batch[5]!, parent: 0 }]
      await engine.accumulate(first, ({ logprobs }) => logprobs.map((_, i) => slope(i < second ? i : i + a)))
      await engine.accumulate(rest, ({ logprobs }) =>
        logprobs.map((_, i) => slope(i < a ? second + i : second + i + b)),
      )
      expect(second + a + b + c).toBe(scores.logprobs.length)
      expect(distance(await engine.gradients(), whole)).toBeLessThan(1e-6)
    })
  })

  describe('generation', () => {
    test.each([
      ['even sizes', EVEN],
      ['odd sizes', ODD],
      ['a tall head', TALL],
      ['many heads', MANY],
      ['norms on q and k', NORMED],
    ])('is the full forward’s argmax below shared beginnings: %s', async (_, config) => {
      const [page, task] = [tokens(40, config), tokens(20, config)]
      const prompts = [
        page,
        Int32Array.of(...page, ...task),
        Int32Array.of(...page, ...task, ...tokens(7, config)),
        Int32Array.of(...page, ...task.slice(0, 3), ...tokens(5, config)),
        tokens(6, config),
        Int32Array.of(...page, ...task),
        Int32Array.of(...page.slice(0, 20), ...tokens(30, config)),
      ]
      const seeds = prompts.map((_, i) => i)
      await using(await open(config), async (engine) => {
        await engine.addAdapter('lora', LORA, randomAdapter(config, LORA, 2, 0.2))
        const completions = await engine.generate(prompts, { ...GREEDY, seeds }, 'lora')
        for (const [i, { tokens, logprobs }] of completions.entries()) {
          const scores = await engine.logprobs(
            [
              { tokens: prompts[i]!, parent: -1, targetStart: prompts[i]!.length },
              { tokens, parent: 0, targetStart: 0 },
            ],
            'lora',
          )
          expect([...scores.hits]).toEqual(new Array(8).fill(1))
          for (const [t, logprob] of scores.logprobs.entries()) expect(logprobs[t]).toBeCloseTo(logprob, 4)
        }
      })
    })

    test.each(['fp32', 'bf16'] as const)(
      'does not depend on the rest of the batch: products in %s',
      async (products) => {
        const page = tokens(50, ODD)
        const prompts = Array.from({ length: 40 }, (_, i) => Int32Array.of(...page, ...tokens(i % 7, ODD)))
        const sampling = { ...GREEDY, temperature: 1.3, top_p: 0.95, stop_token_ids: [5, 6, 7] }
        const seeds = prompts.map((_, i) => 1000 + i)
        await using(await open(ODD, { products }), async (engine) => {
          const together = await engine.generate(prompts, { ...sampling, seeds }, null)
          expect(together.some(({ stopped }) => stopped)).toBe(true)
          expect(together.some(({ stopped }) => !stopped)).toBe(true)
          // Room for one prompt at a time: many waves.
          await using(await open(ODD, { products, cacheBytes: 100_000 }), async (small) => {
            expect(await small.generate(prompts, { ...sampling, seeds }, null)).toEqual(together)
          })
          for (const i of [0, 13, 39]) {
            expect(await engine.generate([prompts[i]!], { ...sampling, seeds: [seeds[i]!] }, null)).toEqual([
              together[i],
            ])
          }
          for (const { tokens, stopped } of together) {
            expect([...tokens].findIndex((token) => [5, 6, 7].includes(token))).toBe(stopped ? tokens.length - 1 : -1)
          }
        })
      },
    )

    // Then keys and values are in bf16.
    test.each([
      ['even sizes', EVEN],
      ['odd sizes', ODD],
      ['a tall head', TALL],
      ['many heads', MANY],
      ['norms on q and k', NORMED],
      ['more heads than are computed together', qwen2({ ...EVEN, hidden_size: 320, num_attention_heads: 5 })],
    ])('with products in bf16 comes close to float32: %s', async (_, config) => {
      const prompts = [1, 31, 32, 33, 64, 97, 150].map((length) => tokens(length, config))
      const sampling = { ...GREEDY, max_new_tokens: 40, seeds: prompts.map((_, i) => i) }
      const base = randomModel(config, 1, 0.05)
      await using(await open(config, { products: 'bf16', threads: 3 }, base), async (rounded) => {
        const completions = await rounded.generate(prompts, sampling, null)
        await using(await open(config, {}, base), async (exact) => {
          for (const [i, { tokens, logprobs }] of completions.entries()) {
            const scores = await exact.logprobs(
              [
                { tokens: prompts[i]!, parent: -1, targetStart: prompts[i]!.length },
                { tokens, parent: 0, targetStart: 0 },
              ],
              null,
            )
            for (const [t, logprob] of scores.logprobs.entries()) {
              expect(Math.abs(logprobs[t]! - logprob)).toBeLessThan(0.03)
            }
          }
        })
      })
    })

    test.each(['fp32', 'bf16'] as const)('of prompts longer than a chunk: products in %s', async (products) => {
      const config = { ...ODD, max_position_embeddings: 8192 }
      const long = tokens(2600, config)
      const prompts = [
        long.slice(0, 512),
        long,
        tokens(40, config),
        long.slice(0, 1024),
        Int32Array.of(...long.subarray(0, 1700), ...tokens(1000, config)),
        long,
        tokens(1025, config),
      ]
      const sampling = { ...GREEDY, temperature: 1 }
      const base = randomModel(config, 1, 0.1)
      await using(await open(config, { products }, base), async (engine) => {
        const together = await engine.generate(prompts, { ...sampling, seeds: prompts.map((_, i) => i) }, null)
        for (const [i, { tokens, logprobs }] of together.entries()) {
          const scores = await engine.logprobs(
            [
              { tokens: prompts[i]!, parent: -1, targetStart: prompts[i]!.length },
              { tokens, parent: 0, targetStart: 0 },
            ],
            null,
          )
          for (const [t, logprob] of scores.logprobs.entries()) {
            expect(Math.abs(logprobs[t]! - logprob)).toBeLessThan(products === 'fp32' ? 1e-4 : 0.05)
          }
        }
        await using(await open(config, { products, threads: 1 }, base), async (alone) => {
          for (const i of [1, 4]) {
            expect(await alone.generate([prompts[i]!], { ...sampling, seeds: [i] }, null)).toEqual([together[i]])
          }
        })
      })
    })

    test('goes on while a long prompt is read, which can be cancelled', async () => {
      const config = { ...ODD, max_position_embeddings: 2 ** 16 }
      const [short, long] = [tokens(20, config), tokens(20_000, config)]
      // Room for the long prompt only once.
      await using(await open(config, { cacheBytes: 22_000 * 2 * 2 * 20 * 4 }), async (engine) => {
        const fresh = await engine.generate([short], { ...GREEDY, seeds: [1] }, null)
        const controller = new AbortController()
        const reading = engine.generate([long], { ...GREEDY, seeds: [1] }, null, { signal: controller.signal })
        const joined = await engine.generate([short], { ...GREEDY, seeds: [1] }, null)
        controller.abort(new Error('no longer wanted'))
        await expect(reading).rejects.toThrow('no longer wanted')
        expect(joined).toEqual(fresh)
        expect(await engine.generate([short], { ...GREEDY, seeds: [1] }, null)).toEqual(fresh)
      })
    })

    // With layers this large, threads share each product. Frozen weights in bf16 are read in place.
    test.each([
      ['float32', {}],
      ['bf16 products', { products: 'bf16' }],
      ['bf16 weights', { precision: 'bf16', products: 'bf16' }],
      ['int8 weights', { precision: 'int8', headPrecision: 'int8', products: 'bf16' }],
      ['NF4 weights', { precision: 'nf4', products: 'bf16' }],
      ['NF4 weights in whole blocks', { precision: 'nf4', headPrecision: 'int8', products: 'bf16' }],
    ] as const)('of large layers: %s', async (name, options) => {
      const sizes = { hidden_size: 516, intermediate_size: 2307 }
      const whole = { hidden_size: 576, num_attention_heads: 6, intermediate_size: 2304 }
      const config = qwen2({ ...ODD, ...(name.includes('blocks') ? whole : sizes), num_hidden_layers: 1 })
      const prompts = [70, 3, 5, 9, 33, 2, 4].map((length) => tokens(length, config))
      const sampling = { ...GREEDY, max_new_tokens: 4, seeds: prompts.map((_, i) => i) }
      await using(await open(config, { ...options, threads: 3 }, randomModel(config, 1, 0.05)), async (engine) => {
        await engine.addAdapter('lora', LORA, randomAdapter(config, LORA, 2, 0.05))
        const completions = await engine.generate(prompts, sampling, 'lora')
        // int8 rounds activations more coarsely than bf16.
        const tolerance = name === 'int8 weights' ? 0.1 : 'products' in options ? 0.05 : 1e-4
        for (const [i, { tokens, logprobs }] of completions.entries()) {
          const scores = await engine.logprobs(
            [
              { tokens: prompts[i]!, parent: -1, targetStart: prompts[i]!.length },
              { tokens, parent: 0, targetStart: 0 },
            ],
            'lora',
          )
          for (const [t, logprob] of scores.logprobs.entries()) {
            expect(Math.abs(logprobs[t]! - logprob)).toBeLessThan(tolerance)
          }
          expect(await engine.generate([prompts[i]!], { ...sampling, seeds: [0] }, 'lora')).toEqual([completions[i]])
        }
      })
    })
  })

  test('a completion joins those under way and leaves when it is done', async () => {
    const config = { ...ODD, max_position_embeddings: 2 ** 20 }
    const [long, short, other] = [tokens(30, ODD), tokens(70, ODD), tokens(9, ODD)]
    const sampling = { ...GREEDY, temperature: 1, seeds: [7] }
    await using(await open(config), async (engine) => {
      const controller = new AbortController()
      const drawn: number[] = []
      const under = { ...sampling, max_new_tokens: 2 ** 19 }
      const begun = Promise.withResolvers<void>()
      const endless = engine.generate([long], under, null, {
        signal: controller.signal,
        onToken: ({ token }) => {
          drawn.push(token)
          begun.resolve()
        },
      })
      await begun.promise
      const joined = await Promise.all([short, other].map((prompt) => engine.generate([prompt], sampling, null)))
      controller.abort(new Error('long enough'))
      await expect(endless).rejects.toThrow('long enough')
      // The same with no other call running.
      expect(await engine.generate([short], sampling, null)).toEqual(joined[0])
      expect(await engine.generate([other], sampling, null)).toEqual(joined[1])
      const [again] = await engine.generate([long], { ...sampling, max_new_tokens: 50 }, null)
      expect([...again!.tokens].slice(0, drawn.length)).toEqual(drawn.slice(0, 50))
    })
  })

  test.each(['fp32', 'bf16'] as const)(
    'what earlier prompts began with is used again as long as the weights stay: products in %s',
    async (products) => {
      const page = tokens(100, ODD)
      const rounds = [0, 3, 40, 100].map((own) => [
        Int32Array.of(...page, ...tokens(own, ODD)),
        Int32Array.of(...page.subarray(0, 64 + own / 4), ...tokens(30, ODD)),
        page.slice(0, 33),
        page.slice(0, 64),
      ])
      const sampling = { ...GREEDY, temperature: 1, seeds: [1, 2, 3, 4] }
      const fresh = async (prompts: readonly Int32Array[], base: Tensors) =>
        using(await open(ODD, { products }, base), (engine) => engine.generate(prompts, sampling, null))
      await using(await open(ODD, { products }), async (engine) => {
        for (const step of [0, 1]) {
          const base = await engine.baseWeights()
          for (const prompts of rounds) {
            expect(await engine.generate(prompts, sampling, null)).toEqual(await fresh(prompts, base))
          }
          if (step === 0) await engine.train(null)
          await engine.accumulate(forest(ODD, 2), slopes)
          await engine.step(ADAMW)
        }
        await engine.addAdapter('lora', LORA, randomAdapter(ODD, LORA, 2, 0.2))
        const adapted = await engine.generate(rounds[0]!, sampling, 'lora')
        expect(adapted).not.toEqual(await engine.generate(rounds[0]!, sampling, null))
        expect(await engine.generate(rounds[0]!, sampling, 'lora')).toEqual(adapted)
      })
    },
  )

  test('a long call ends while it computes, in any of its passes, and what follows is unharmed', async () => {
    const config = { ...ODD, max_position_embeddings: 2 ** 15 }
    const length = 24_000
    const long: Forest = [{ tokens: tokens(length, config), parent: -1, targetStart: length - 8 }]
    const short = forest(config, 4)
    await using(await open(config), async (engine) => {
      await engine.train(null)
      const before = await engine.logprobs(short, null)
      const stopped = async (call: (signal: AbortSignal) => Promise<unknown>) => {
        const stop = new AbortController()
        const ended = call(stop.signal)
        setTimeout(() => stop.abort(new Error('stopped')), 30)
        await expect(ended).rejects.toThrow('stopped')
      }
      await stopped((signal) => engine.logprobs(long, null, signal))
      await stopped((signal) => engine.accumulate(long, slopes, undefined, signal))
      // Here the abort comes within the backward pass, which takes longer than the forward pass.
      const stop = new AbortController()
      const late = (scores: Scores) => {
        setTimeout(() => stop.abort(new Error('stopped late')), 10)
        return slopes(scores)
      }
      await expect(engine.accumulate(long, late, undefined, stop.signal)).rejects.toThrow('stopped late')
      expect(await engine.logprobs(short, null)).toEqual(before)
      await engine.train(null)
      await engine.accumulate(short, slopes)
      expect((await engine.step(ADAMW)).grad_norm).toBeGreaterThan(0)
    })
  })

  test('loading ends where its signal is aborted', async () => {
    await expect(open(TINY, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  })

  test('a generation that nobody waits for ends within a prompt, and the next one begins anew', async () => {
    const config = { ...ODD, max_position_embeddings: 2 ** 15 }
    const sampling = { ...GREEDY, seeds: [1] }
    const short = [tokens(9, config)]
    await using(await open(config), async (engine) => {
      const expected = await engine.generate(short, sampling, null)
      const stop = new AbortController()
      const long = engine.generate([tokens(8000, config)], sampling, null, { signal: stop.signal })
      setTimeout(() => stop.abort(new Error('stopped')), 20)
      await expect(long).rejects.toThrow('stopped')
      const next = engine.generate(short, sampling, null)
      expect(await next).toEqual(expected)
      // Another completion still waits, so this one alone is left out.
      const one = new AbortController()
      const kept = engine.generate(short, sampling, null)
      const left = engine.generate([tokens(800, config)], sampling, null, { signal: one.signal })
      one.abort(new Error('left'))
      await expect(left).rejects.toThrow('left')
      expect(await kept).toEqual(expected)
    })
  })

  test('the event loop goes on while it computes', async () => {
    await using(await open(EVEN, { instructions: 'portable', threads: 1 }), async (engine) => {
      const turnsMeanwhile = async () => {
        let turns = 0
        let done = false
        const turn = () => {
          turns++
          if (!done) setImmediate(turn)
        }
        setImmediate(turn)
        await engine.logprobs(forest(EVEN, 60), null)
        done = true
        return turns
      }
      // On a busy machine the event loop may wait for a core. An engine that blocked it would block it every time.
      let most = 0
      for (let time = 0; time < 50 && most <= 20; time++) most = Math.max(most, await turnsMeanwhile())
      expect(most).toBeGreaterThan(20)
    })
  })

  describe('refuses', () => {
    const base = randomModel(ODD, 1)
    const without = new Map(base)
    without.delete('model.norm.weight')
    const broken = new Map(base)
    broken.set('model.norm.weight', { shape: [60], data: new Float32Array(60).fill(Number.NaN) })
    const long = new Map(base)
    long.set('model.norm.weight', { shape: [61], data: new Float32Array(61) })
    const lying = new Map(base)
    lying.set('model.norm.weight', { shape: [60], data: new Float32Array(59) })

    test.each([
      ['a tensor that is missing', ODD, without, "tensor 'model.norm.weight' is missing"],
      ['a value that is no number', ODD, broken, 'model.norm.weight holds NaN or infinity'],
      ['a wrong shape', ODD, long, "tensor 'model.norm.weight' has shape [61] where the configuration wants [60]"],
      ['too little data', ODD, lying, "tensor 'model.norm.weight' has 59 elements"],
      [
        'heads that do not divide',
        { ...ODD, num_key_value_heads: 4 },
        randomModel({ ...ODD, num_key_value_heads: 4 }, 1),
        'multiple of num_key_value_heads',
      ],
    ])('%s', async (_, config, tensors, message) => {
      await expect(createNativeEngine(config, tensors)).rejects.toThrow(message)
    })

    const segment = (parts: Partial<Forest[number]>): Forest => [
      { tokens: tokens(3, ODD), parent: -1, targetStart: 1 },
      { tokens: tokens(3, ODD), parent: 0, targetStart: 0, ...parts },
    ]
    test.each([
      ['a parent that comes later', segment({ parent: 1 }), 'names segment 1 as its parent'],
      ['a parent below -1', segment({ parent: -2 }), 'names segment -2 as its parent'],
      ['a strange token', segment({ tokens: Int32Array.of(1, 131, 2) }), 'segment 1 holds token id 131'],
      ['a negative token', segment({ tokens: Int32Array.of(-1) }), 'segment 1 holds token id -1'],
      ['targets beyond the end', segment({ targetStart: 4 }), 'has targetStart 4'],
      ['a target with nothing before it', segment({ parent: -1 }), 'begins with a target'],
    ])('%s', async (_, batch, message) => {
      await using(await open(ODD), async (engine) => {
        await expect(engine.logprobs(batch, null)).rejects.toThrow(message)
      })
    })

    test.each([
      [{ precision: 'int4' }, 'precision must be one of bf16, float32, float64, int8, nf4'],
      [{ headPrecision: 'fp8' }, 'headPrecision must be one of bf16, int8, nf4'],
      [{ products: 'fp16' }, 'products must be one of bf16, fp32'],
    ] as const)('a form of numbers that it does not know: %o', async (wrong, message) => {
      // Types forbid these values, but the addon must still not mistake them for others.
      await expect(createNativeEngine(ODD, base, wrong as unknown as NativeOptions)).rejects.toThrow(message)
    })

    test('bytes of a dtype that it does not know', async () => {
      const native = new (loadAddon().NativeEngine)()
      await native.open(ODD, {
        threads: 1,
        instructions: '',
        precision: 'float32',
        products: 'fp32',
        headPrecision: 'bf16',
        keptBytes: 0,
        cacheBytes: 2 ** 20,
      })
      expect(() => native.fill('model.norm.weight', 0, 'U8', new Uint8Array(60))).toThrow('dtype must be one of')
      await native.close()
    })

    test('what does not fit the adapter, the loss, the sampling or the state', async () => {
      const engine = await open(ODD)
      const batch = forest(ODD, 2)
      const adapter = randomAdapter(ODD, LORA, 1)
      await expect(engine.addAdapter('a', { ...LORA, r: 4 }, adapter)).rejects.toThrow('lora_A.weight')
      await expect(engine.addAdapter('a', { ...LORA, lora_dropout: 1 }, adapter)).rejects.toThrow('lora_dropout')
      await engine.addAdapter('a', LORA, adapter)
      await expect(engine.addAdapter('a', LORA, adapter)).rejects.toThrow("already has an adapter 'a'")
      await engine.train('a')
      await expect(engine.accumulate(batch, () => new Float32Array(1))).rejects.toThrow('dLoss returned 1 values for')
      const infinite = ({ logprobs }: { logprobs: Float32Array }) => logprobs.map(() => Number.POSITIVE_INFINITY)
      await expect(engine.accumulate(batch, infinite)).rejects.toThrow('not finite, for target 0')
      const huge = ({ logprobs }: { logprobs: Float32Array }) => logprobs.map(() => 3e38)
      await engine.accumulate(batch, huge)
      await expect(engine.step(ADAMW)).rejects.toThrow('The gradient holds NaN or infinity')
      expect((await engine.step(ADAMW)).grad_norm).toBe(0)
      await expect(engine.step({ ...ADAMW, learning_rate: Number.NaN })).rejects.toThrow('learning_rate')
      await expect(engine.step({ ...ADAMW, adam_beta2: 1 })).rejects.toThrow('adam_beta2')
      const state = await engine.optimizerState()
      await expect(engine.setOptimizerState({ ...state, exp_avg: new Map() })).rejects.toThrow('lora_A.weight')
      const prompts = [tokens(3, ODD)]
      for (const [wrong, message] of [
        [{ max_new_tokens: 0 }, 'max_new_tokens'],
        [{ temperature: -1 }, 'temperature'],
        [{ top_p: 0 }, 'top_p'],
        [{ seeds: [] }, '1 prompts need as many seeds'],
      ] as const) {
        await expect(engine.generate(prompts, { ...GREEDY, seeds: [1], ...wrong }, null)).rejects.toThrow(message)
      }
      await expect(engine.generate([new Int32Array(0)], { ...GREEDY, seeds: [1] }, null)).rejects.toThrow('no tokens')
      await engine.close()
      await expect(engine.logprobs(batch, null)).rejects.toThrow('the engine is closed')
    })
  })
})
