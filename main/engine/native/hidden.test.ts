/** Hidden states at the lowest trained layer's input, which stay from pass to pass: they change no bit, and save the layers below. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { describeNative } from '../../../testing/native.ts'
import { randomAdapter, randomModel } from '../../../testing/random-model.ts'
import { PROJECTIONS } from '../../config/choices.ts'
import type { Engine, Forest, LoraConfig, ModelConfig, Scores, Tensors } from '../engine.ts'
import { qwen2 } from '../families.ts'
import { uniformStream } from '../random.ts'
import { createNativeEngine, type NativeOptions } from './engine.ts'

/** Sizes that are no multiple of anything. */
const ODD = qwen2({
  vocab_size: 131,
  hidden_size: 60,
  intermediate_size: 77,
  num_hidden_layers: 4,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 2048,
  tie_word_embeddings: true,
})
const EVEN = qwen2({
  ...ODD,
  hidden_size: 128,
  intermediate_size: 320,
  num_attention_heads: 2,
  num_key_value_heads: 1,
})
const NORMED: ModelConfig = { ...ODD, model_type: 'qwen3', head_dim: 14, attention_bias: false }
const LORA: LoraConfig = { r: 3, lora_alpha: 6, lora_dropout: 0.1, target_modules: [...PROJECTIONS] }
const UPPER: LoraConfig = { ...LORA, layers_to_transform: [2, 3] }
const LAST: LoraConfig = { ...LORA, layers_to_transform: [3] }
const ADAMW = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.99,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}

const uniform = uniformStream(5)
const tokens = (count: number, { vocab_size } = ODD) =>
  Int32Array.from({ length: count }, () => Math.floor(uniform() * vocab_size))
const slopes = ({ logprobs }: Scores) => logprobs.map((_, index) => Math.fround(Math.sin(index + 1)))

const [system, page, other, one, two, three] = [70, 45, 33, 9, 12, 5].map((count) => tokens(count))
/** A prompt below what it shares with another one, and answers. */
const SHARED: Forest = [
  { tokens: system!, parent: -1, targetStart: 70 },
  { tokens: page!, parent: 0, targetStart: 45 },
  { tokens: other!, parent: 0, targetStart: 33 },
  { tokens: one!, parent: 1, targetStart: 0 },
  { tokens: two!, parent: 1, targetStart: 0 },
  { tokens: three!, parent: 2, targetStart: 0 },
]
/** Other cuts through some of the same sequences; an answer that is new; a sequence that is new; one that comes twice. */
const AGAIN: Forest = [
  { tokens: Int32Array.of(...system!, ...page!.subarray(0, 20)), parent: -1, targetStart: 80 },
  { tokens: page!.subarray(20), parent: 0, targetStart: 25 },
  { tokens: new Int32Array(), parent: 1, targetStart: 0 },
  { tokens: two!, parent: 2, targetStart: 0 },
  { tokens: Int32Array.of(...one!.subarray(0, 4), ...three!), parent: 2, targetStart: 0 },
  { tokens: tokens(30), parent: -1, targetStart: 5 },
  { tokens: page!, parent: -1, targetStart: 40 },
  { tokens: page!, parent: -1, targetStart: 40 },
]

/** The tensors' bits, in a form that is quick to compare. */
function digest(tensors: Tensors): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of tensors) hash.update(name).update(data)
  return hash.digest('hex')
}

async function using<R>(engine: Engine, work: (engine: Engine) => Promise<R>): Promise<R> {
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

describeNative('hidden states that stay from pass to pass', () => {
  const results = async (config: ModelConfig, options: NativeOptions) =>
    using(await createNativeEngine(config, randomModel(config, 1, 0.1), { threads: 2, ...options }), async (engine) => {
      const all: unknown[] = []
      const adapters = { upper: UPPER, last: LAST, all: LORA }
      for (const [name, lora] of Object.entries(adapters)) {
        await engine.addAdapter(name, lora, randomAdapter(config, lora, 2, 0.2))
      }
      const train = async (name: string | null) => {
        await engine.train(name)
        for (const [step, forest] of [SHARED, AGAIN, SHARED].entries()) {
          all.push(await engine.accumulate(forest, slopes, step), digest(await engine.gradients()))
          await engine.step(ADAMW)
        }
      }
      const score = async () => {
        for (const name of [null, 'upper', 'last', 'all', null]) {
          for (const forest of [AGAIN, SHARED]) all.push(await engine.logprobs(forest, name))
        }
      }
      await score()
      await train('upper')
      await score()
      const sampling = { temperature: 0, top_p: 1, max_new_tokens: 4, stop_token_ids: [], seeds: [1, 2] }
      all.push(await engine.generate([system!, page!], sampling, 'upper'))
      await train('last')
      if (options.precision === undefined) {
        // The states are those of the base that was.
        await train(null)
        await score()
      }
      return all
    })

  test.each<[string, ModelConfig, NativeOptions]>([
    ['odd sizes', ODD, {}],
    ['even sizes', EVEN, {}],
    ['norms on q and k', NORMED, {}],
    ['portable instructions', ODD, { instructions: 'portable' }],
    ['AVX2', EVEN, { instructions: 'avx2' }],
    ['products in bf16', EVEN, { precision: 'bf16', products: 'bf16' }],
    ['int8', EVEN, { precision: 'int8', checkpointing: true }],
    ['NF4', ODD, { precision: 'nf4', checkpointing: true, keptBytes: 100_000 }],
  ])('change no bit: %s', async (_, config, options) => {
    const without = await results(config, { ...options, cacheBytes: 0 })
    // Room for all, and for some tokens.
    for (const cacheBytes of [2 ** 24, 100 * 4 * config.hidden_size]) {
      expect(await results(config, { ...options, cacheBytes })).toEqual(without)
    }
  })

  test('save the layers below', async () => {
    const config = { ...EVEN, hidden_size: 256, intermediate_size: 1024, num_hidden_layers: 10 }
    const lora = { ...LORA, layers_to_transform: [9] }
    await using(await createNativeEngine(config, randomModel(config, 1, 0.1), { threads: 1 }), async (engine) => {
      await engine.addAdapter('last', lora, randomAdapter(config, lora, 2, 0.2))
      /** Processor time of a pass, which other work on the machine does not lengthen as it does the clock's. */
      const time = async (forest: Forest) => {
        const before = process.cpuUsage()
        await engine.logprobs(forest, 'last')
        const { user, system: kernel } = process.cpuUsage(before)
        return user + kernel
      }
      const times = { first: Number.POSITIVE_INFINITY, again: Number.POSITIVE_INFINITY }
      for (let round = 0; round < 4; round++) {
        const forest: Forest = [{ tokens: tokens(500, config), parent: -1, targetStart: 495 }]
        times.first = Math.min(times.first, await time(forest))
        times.again = Math.min(times.again, await time(forest))
      }
      // Nine of ten layers.
      expect(times.again).toBeLessThan(times.first / 3)
    })
  })
})
