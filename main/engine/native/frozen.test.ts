/**
 * Frozen weights in bf16, int8 and NF4, and activation checkpointing. With every stored form the engine must compute what
 * it computes with the same numbers in float32, whether it keeps activations or recomputes them.
 */

import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { describeNative } from '../../../testing/native.ts'
import { randomAdapter, randomModel } from '../../../testing/random-model.ts'
import { HEAD_PRECISIONS, PROJECTIONS } from '../../config/choices.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import type { TensorStream } from '../checkpoint/tensor-stream.ts'
import type { Engine, Forest, LoraConfig, ModelConfig, Scores, Tensors } from '../engine.ts'
import { qwen2 } from '../families.ts'
import { uniformStream } from '../random.ts'
import { createNativeEngine, type NativeOptions } from './engine.ts'

/** Blocks of 64 that run across rows, and sizes that are no multiple of anything. */
const ODD = qwen2({
  vocab_size: 131,
  hidden_size: 60,
  intermediate_size: 77,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
})
/** Whole blocks and vectors, more than one panel in every direction, and an untied head. */
const EVEN = qwen2({
  ...ODD,
  vocab_size: 320,
  hidden_size: 128,
  intermediate_size: 320,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: false,
})
/** Qwen3: norms on q and k, heads that are wider together than the hidden size, no biases. */
const NORMED: ModelConfig = { ...ODD, model_type: 'qwen3', head_dim: 14, attention_bias: false }
const LORA: LoraConfig = { r: 3, lora_alpha: 6, lora_dropout: 0.1, target_modules: [...PROJECTIONS] }

const uniform = uniformStream(5)
const tokens = (count: number) => Int32Array.from({ length: count }, () => Math.floor(uniform() * ODD.vocab_size))
const BATCH: Forest = [
  { tokens: tokens(70), parent: -1, targetStart: 70 },
  { tokens: tokens(9), parent: 0, targetStart: 0 },
  { tokens: tokens(12), parent: 0, targetStart: 0 },
  { tokens: tokens(30), parent: -1, targetStart: 5 },
]
const slopes = ({ logprobs }: Scores) => logprobs.map((_, index) => Math.sin(index + 1))

async function using<R>(engine: Engine, work: (engine: Engine) => Promise<R>): Promise<R> {
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** Scores, gradients of an adapter, and a completion. */
async function results(config: ModelConfig, base: Tensors, options: NativeOptions) {
  return using(await createNativeEngine(config, base, { threads: 2, ...options }), async (engine) => {
    await engine.addAdapter('lora', LORA, randomAdapter(config, LORA, 2, 0.2))
    await engine.train('lora')
    const scores = await engine.accumulate(BATCH, slopes, 7)
    const gradients = await engine.gradients()
    const sampling = { temperature: 0, top_p: 1, max_new_tokens: 6, stop_token_ids: [], seeds: [1, 2] }
    const completions = await engine.generate([tokens40, tokens40.slice(0, 21)], sampling, 'lora')
    return { scores, gradients, completions, base: await engine.baseWeights() }
  })
}
const tokens40 = tokens(40)

/** Whether this machine has the instructions. */
async function runs(instructions: NonNullable<NativeOptions['instructions']>): Promise<boolean> {
  try {
    await using(await createNativeEngine(ODD, randomModel(ODD, 1), { instructions }), async () => {})
    return true
  } catch (error) {
    expect(String(error)).toContain('cannot run on this machine')
    return false
  }
}

function distance(actual: Tensors, expected: Tensors): number {
  let difference = 0
  let size = 0
  for (const [name, { data }] of expected) {
    const other = actual.get(name)!.data
    for (let i = 0; i < data.length; i++) {
      difference += (other[i]! - data[i]!) ** 2
      size += data[i]! ** 2
    }
  }
  return Math.sqrt(difference / size)
}

describeNative('frozen weights', () => {
  describe.each([
    ['odd sizes', ODD],
    ['even sizes', EVEN],
    ['norms on q and k', NORMED],
  ])('%s', (_, config) => {
    const base = randomModel(config, 1, 0.1)
    describe.each([
      ['bf16', 'bf16', 0.003],
      ['int8', 'int8', 0.008],
      ['nf4', 'nf4', 0.12],
      ['nf4', 'int8', 0.12],
    ] as const)('%s with embedding and head in %s', (precision, headPrecision, error) => {
      test.each(['portable', 'avx2', 'avx512'] as const)('%s computes what float32 does', async (instructions) => {
        let stored: Awaited<ReturnType<typeof results>>
        try {
          stored = await results(config, base, { precision, headPrecision, instructions })
        } catch (error) {
          expect(String(error)).toContain('cannot run on this machine')
          return
        }
        expect(distance(stored.base, base)).toBeLessThan(error)
        const exact = await results(config, stored.base, { instructions })
        for (const [i, logprob] of exact.scores.logprobs.entries()) {
          expect(Math.abs(stored.scores.logprobs[i]! - logprob)).toBeLessThan(1e-5 * Math.max(1, Math.abs(logprob)))
        }
        expect(distance(stored.gradients, exact.gradients)).toBeLessThan(1e-5)
        for (const [i, { tokens }] of exact.completions.entries()) {
          expect([...stored.completions[i]!.tokens]).toEqual([...tokens])
        }
      })
    })
  })

  // With few rows, stored weights are read in place.
  describe.each([
    ['odd sizes', ODD],
    ['even sizes', EVEN],
  ])('completions at %s, with products in bf16, come close to what float32 computes', (_, config) => {
    test.each([
      ['bf16', 'bf16', ''],
      ['int8', 'int8', ''],
      ['int8', 'int8', 'avx512'],
      ['int8', 'int8', 'avx-vnni'],
      ['int8', 'int8', 'avx2'],
      ['int8', 'bf16', 'portable'],
      ['nf4', 'int8', ''],
      ['nf4', 'nf4', ''],
    ] as const)(
      '%s with embedding and head in %s, by instructions %j',
      async (precision, headPrecision, instructions) => {
        if (!(await runs(instructions))) return
        const options = { precision, headPrecision, instructions, products: 'bf16' } as const
        const prompts = Array.from({ length: 19 }, (_, i) => tokens(20 + i))
        const sampling = {
          temperature: 1,
          top_p: 1,
          max_new_tokens: 3,
          stop_token_ids: [],
          seeds: prompts.map((_, i) => i),
        }
        await using(await createNativeEngine(config, randomModel(config, 1, 0.05), options), async (stored) => {
          const together = await stored.generate(prompts, sampling, null)
          await using(await createNativeEngine(config, await stored.baseWeights()), async (exact) => {
            for (const [i, { tokens: drawn, logprobs }] of together.entries()) {
              const scores = await exact.logprobs(
                [
                  { tokens: prompts[i]!, parent: -1, targetStart: prompts[i]!.length },
                  { tokens: drawn, parent: 0, targetStart: 0 },
                ],
                null,
              )
              for (const [t, logprob] of scores.logprobs.entries()) {
                expect(Math.abs(logprobs[t]! - logprob)).toBeLessThan(0.05)
              }
            }
          })
          for (const i of [0, 18]) {
            expect(await stored.generate([prompts[i]!], { ...sampling, seeds: [i] }, null)).toEqual([together[i]])
          }
        })
      },
    )
  })

  test.each([
    ['float32', 'bf16'],
    ['nf4', 'int8'],
  ] as const)('activations made again at %s give the same bits', async (precision, headPrecision) => {
    const base = randomModel(EVEN, 1, 0.1)
    const kept = await results(EVEN, base, { precision, headPrecision })
    // Of no layer, of some, of all.
    for (const keptBytes of [0, 700_000, 1e9]) {
      const again = await results(EVEN, base, { precision, headPrecision, checkpointing: true, keptBytes })
      for (const part of ['scores', 'gradients', 'completions'] as const) expect(again[part]).toEqual(kept[part])
    }
  })

  test.each([
    ['float32', EVEN],
    ['nf4', EVEN],
    ['bf16', NORMED],
  ] as const)('so do those of the upper layers at %s, if only these are trained', async (precision, shape) => {
    const config = { ...shape, num_hidden_layers: 4 }
    const lora = { ...LORA, layers_to_transform: [2, 3] }
    const gradients = async (options: NativeOptions) =>
      using(
        await createNativeEngine(config, randomModel(config, 1, 0.1), { precision, ...options }),
        async (engine) => {
          await engine.addAdapter('lora', lora, randomAdapter(config, lora, 2, 0.2))
          await engine.train('lora')
          const scores = await engine.accumulate(BATCH, slopes, 7)
          return [scores, await engine.gradients()]
        },
      )
    const kept = await gradients({})
    for (const keptBytes of [0, 700_000, 1e9]) {
      expect(await gradients({ checkpointing: true, keptBytes })).toEqual(kept)
    }
  })

  test('batches of different sizes take turns, whatever activations are kept', async () => {
    const base = randomModel(EVEN, 1, 0.1)
    const [small] = BATCH
    const gradients = async (keptBytes: number) =>
      using(
        await createNativeEngine(EVEN, base, { precision: 'bf16', checkpointing: true, keptBytes }),
        async (engine) => {
          await engine.addAdapter('lora', LORA, randomAdapter(EVEN, LORA, 2, 0.2))
          await engine.train('lora')
          const short = [{ tokens: small!.tokens.subarray(0, 4), parent: -1, targetStart: 2 }]
          for (const batch of [short, BATCH, short]) await engine.accumulate(batch, slopes, 7)
          return engine.gradients()
        },
      )
    const kept = await gradients(1e9)
    for (const keptBytes of [0, 30_000, 700_000]) expect(await gradients(keptBytes)).toEqual(kept)
  })

  // Generation switches how layers process rows, and must switch back for training.
  test('a generation that fails or is cancelled changes nothing of the training after it', async () => {
    const base = randomModel(EVEN, 1, 0.1)
    const trained = async (disturb: (engine: Engine) => Promise<void>) =>
      using(await createNativeEngine(EVEN, base, { precision: 'nf4', headPrecision: 'int8' }), async (engine) => {
        await engine.addAdapter('lora', LORA, randomAdapter(EVEN, LORA, 2, 0.2))
        await engine.train('lora')
        await disturb(engine)
        await engine.accumulate(BATCH, slopes, 7)
        return engine.gradients()
      })
    const undisturbed = await trained(async () => {})
    const sampling = { temperature: 1, top_p: 0.9, max_new_tokens: 400, stop_token_ids: [], seeds: [1] }
    const disturbed = await trained(async (engine) => {
      const stop = new AbortController()
      const onToken = () => stop.abort(new Error('long enough'))
      const cancelled = engine.generate([tokens40], sampling, 'lora', { onToken, signal: stop.signal })
      await expect(cancelled).rejects.toThrow('long enough')
      const thrown = () => {
        throw new Error('not this one')
      }
      await expect(engine.generate([tokens40], sampling, 'lora', { onToken: thrown })).rejects.toThrow('not this one')
      await expect(engine.generate([tokens40], sampling, 'absent')).rejects.toThrow("no adapter 'absent'")
    })
    expect(disturbed).toEqual(undisturbed)
  })

  test.each([
    ['odd sizes', ODD],
    ['norms on q and k', NORMED],
  ])('activations made again give the same gradients of all weights: %s', async (_, config) => {
    const gradients = async (checkpointing: boolean, keptBytes = 0) =>
      using(
        await createNativeEngine(config, randomModel(config, 1, 0.1), { checkpointing, keptBytes }),
        async (engine) => {
          await engine.train(null)
          await engine.accumulate(BATCH, slopes)
          return engine.gradients()
        },
      )
    const kept = await gradients(false)
    for (const keptBytes of [0, 60_000, 150_000, 300_000]) expect(await gradients(true, keptBytes)).toEqual(kept)
  })

  test.each(HEAD_PRECISIONS)('pieces of a stream, head in %s, give what the whole gives', async (headPrecision) => {
    const base = randomModel(EVEN, 3, 0.1)
    const stream: TensorStream = {
      fileOf: () => 'here',
      async *pieces(name) {
        const { data, shape } = base.get(name)!
        const step = shape.length === 1 ? data.length : 64 * shape[1]!
        for (let offset = 0; offset < data.length; offset += step) {
          yield { offset, dtype: 'F32', bytes: new Uint8Array(data.slice(offset, offset + step).buffer) }
        }
      },
    }
    const options = { precision: 'nf4', headPrecision } as const
    const weights = (from: Tensors | TensorStream) =>
      createNativeEngine(EVEN, from, options).then((engine) => using(engine, () => engine.baseWeights()))
    expect(await weights(stream)).toEqual(await weights(base))
  })

  test.each(['portable', 'avx2', 'avx512'] as const)(
    'NF4 by %s gives bitsandbytes’ numbers to the last bit',
    async (instructions) => {
      // bench/nf4_reference.py made it.
      const reference = await readSafetensors(fileURLToPath(new URL('nf4-bitsandbytes.safetensors', import.meta.url)))
      const [weight, expected] = ['weight', 'dequantized'].map((name) => reference.get(name)!)
      const config = qwen2({ ...ODD, vocab_size: 300, hidden_size: 64, num_attention_heads: 2, num_key_value_heads: 1 })
      const base = new Map(randomModel(config, 1)).set('model.embed_tokens.weight', weight!)
      const options = { precision: 'nf4', headPrecision: 'nf4', instructions } as const
      let engine: Engine
      try {
        engine = await createNativeEngine(config, base, options)
      } catch (error) {
        expect(String(error)).toContain('cannot run on this machine')
        return
      }
      const weights = await using(engine, () => engine.baseWeights())
      expect(weights.get('model.embed_tokens.weight')!.data).toEqual(expected!.data)
    },
  )

  test('a number that is no number, late in a stream, is refused with its file', async () => {
    const base = new Map(randomModel(EVEN, 3, 0.1))
    const { shape, data } = base.get('model.layers.1.mlp.up_proj.weight')!
    const broken = data.slice()
    broken[broken.length - 1] = Number.POSITIVE_INFINITY
    base.set('model.layers.1.mlp.up_proj.weight', { shape, data: broken })
    for (const precision of ['float32', 'bf16', 'int8', 'nf4'] as const) {
      await expect(createNativeEngine(EVEN, base, { precision })).rejects.toThrow(
        'up_proj.weight holds NaN or infinity',
      )
    }
  })

  test('frozen weights cannot be trained, and adapters can', async () => {
    await using(await createNativeEngine(ODD, randomModel(ODD, 1), { precision: 'bf16' }), async (engine) => {
      await expect(engine.train(null)).rejects.toThrow('frozen at this precision')
      await engine.addAdapter('a', LORA, randomAdapter(ODD, LORA, 1))
      await engine.train('a')
    })
  })
})
