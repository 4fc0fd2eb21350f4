/** Generation on SwiftShader against the native engine, on small random models of every family. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TESTS_NATIVE } from '../../../testing/native.ts'
import { mixedLora, randomAdapter, randomModel } from '../../../testing/random-model.ts'
import * as small from '../../../testing/small-models.ts'
import { sharedSoftwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu, expectNear } from '../../../testing/webgpu.ts'
import { PROJECTIONS } from '../../config/choices.ts'
import type {
  AdapterName,
  Completion,
  Constraint,
  Engine,
  LoraConfig,
  ModelConfig,
  Sampling,
  Vocabulary,
} from '../engine.ts'
import { createNativeEngine } from '../native/engine.ts'
import { uniformStream } from '../random.ts'
import { createWebGpuEngine, type WebGpuOptions } from './engine.ts'

const longer = (config: ModelConfig) => ({ ...config, max_position_embeddings: 512 })
const [TIED, QWEN3, LLAMA] = [small.TIED, small.QWEN3, small.LLAMA].map(longer) as [
  ModelConfig,
  ModelConfig,
  ModelConfig,
]
const LORA: LoraConfig = { r: 3, lora_alpha: 12, lora_dropout: 0.3, target_modules: [...PROJECTIONS] }

const uniform = uniformStream(17)
const tokens = (count: number) => Int32Array.from({ length: count }, () => Math.floor(uniform() * TIED.vocab_size))
/** Within a page, to its end, over several, from one token, equal, and with a common beginning. */
const PROMPTS = [tokens(5), tokens(32), tokens(70), tokens(1), tokens(29)]
PROMPTS.push(PROMPTS[4]!, PROMPTS[1]!, Int32Array.of(...PROMPTS[2]!.subarray(0, 45), 7))

const GREEDY = { temperature: 0, top_p: 1, max_new_tokens: 5, stop_token_ids: [] }
const DRAWN = { ...GREEDY, temperature: 1.3 }
const NUCLEUS = { ...GREEDY, temperature: 0.8, top_p: 0.85 }
const seeded = (sampling: Omit<Sampling, 'seeds'>, prompts: readonly Int32Array[] = PROMPTS): Sampling => ({
  ...sampling,
  seeds: prompts.map((_, index) => 4_000_000_000 + index),
})

/** The same tokens. None of these draws is within rounding of another token's, so none may differ. */
function expectSame(actual: readonly Completion[], expected: readonly Completion[]): void {
  const plain = ({ tokens, stopped }: Completion) => ({ stopped, tokens: [...tokens] })
  expect(actual.map(plain)).toEqual(expected.map(plain))
  actual.forEach(({ logprobs }, index) => {
    expectNear(logprobs, expected[index]!.logprobs, 1e-3, `logprobs of completion ${index}`)
  })
}

describeWebGpu('generation', () => {
  const open: Engine[] = []
  afterAll(() => Promise.all(open.map((engine) => engine.close())))
  /** The engine on WebGPU and the native one with the same model, and the adapter `a`. */
  const pair = async (config: ModelConfig, lora: LoraConfig, options: WebGpuOptions = {}) => {
    const card = await createWebGpuEngine(await sharedSoftwareDevice(), config, randomModel(config, 1, 0.3), options)
    open.push(card)
    const native = await createNativeEngine(config, await card.baseWeights(), { threads: 1 })
    open.push(native)
    for (const engine of [card, native]) await engine.addAdapter('a', lora, randomAdapter(config, lora, 2, 0.3))
    return { card, native }
  }
  const compare = async (
    { card, native }: { card: Engine; native: Engine },
    sampling: Sampling,
    adapter: AdapterName,
    prompts: readonly Int32Array[] = PROMPTS,
  ) => {
    const seen = await card.generate(prompts, sampling, adapter)
    expectSame(seen, await native.generate(prompts, sampling, adapter))
    return seen
  }

  test.skipIf(!TESTS_NATIVE).each([
    ['qwen3', QWEN3, mixedLora(QWEN3), 'a'],
    ['llama', LLAMA, LORA, null],
  ])('%s: tokens are those of the native engine', async (_, config, lora, adapter) => {
    const engines = await pair(config, lora)
    await compare(engines, seeded(GREEDY), adapter)
  })

  test.skipIf(!TESTS_NATIVE).each([
    ['bf16', 'bf16'],
    ['fp16', 'bf16'],
    ['int8', 'int8'],
    ['nf4', 'int8'],
  ] as const)(
    '%s with embedding and head in %s: tokens are those of the held numbers',
    async (precision, headPrecision) => {
      const holding = { precision, headPrecision }
      const engines = await pair({ ...TIED, num_hidden_layers: 1 }, LORA, { holding })
      for (const sampling of [GREEDY, NUCLEUS]) await compare(engines, seeded(sampling), 'a')
    },
  )

  test.skipIf(!TESTS_NATIVE)(
    'after many tokens, whose keys are split: those of the native engine, alone as beside others',
    async () => {
      const engines = await pair(TIED, LORA)
      const prompts = [tokens(254), tokens(390), tokens(8)]
      const together = await compare(engines, seeded(DRAWN, prompts), 'a', prompts)
      for (const [index, prompt] of prompts.entries()) {
        const sampling = { ...DRAWN, seeds: [4_000_000_000 + index] }
        expect(await engines.card.generate([prompt], sampling, 'a')).toEqual([together[index]])
      }
    },
  )

  describe.skipIf(!TESTS_NATIVE)('qwen2', () => {
    let engines: { card: Engine; native: Engine }
    beforeAll(async () => {
      // Room for about three of the prompts at a time.
      engines = await pair(TIED, LORA, { cacheBytes: 6 * 2 * 4 * 2 * 2 * 32 * 4 })
    }, 300_000)

    test.each([null, 'a'])('adapter %s: tokens are those of the native engine, greedy and drawn', async (adapter) => {
      for (const sampling of [GREEDY, DRAWN, NUCLEUS]) await compare(engines, seeded(sampling), adapter)
    })

    test('calls that join each other give the same to the bit as alone, with and without the adapter', async () => {
      const { card } = engines
      const calls = [
        { prompts: PROMPTS.slice(0, 2), sampling: DRAWN, adapter: 'a' },
        { prompts: PROMPTS.slice(1, 4), sampling: { ...GREEDY, max_new_tokens: 3 }, adapter: 'a' },
        { prompts: PROMPTS.slice(0, 2), sampling: DRAWN, adapter: null },
      ]
      const start = ({ prompts, sampling, adapter }: (typeof calls)[number], onToken?: () => void) =>
        card.generate(prompts, seeded(sampling, prompts), adapter, onToken && { onToken })
      const later: Promise<Completion[]>[] = []
      // The second joins the first when that has its first token; the third cannot.
      const first = await start(calls[0]!, () => {
        if (later.length === 0) later.push(start(calls[1]!), start(calls[2]!))
      })
      const together = [first, ...(await Promise.all(later))]
      for (const [index, call] of calls.entries()) expect(together[index]).toEqual(await start(call))
      expect(first).not.toEqual(together[2])
    })

    test('constraints hold completions to their texts, as in the native engine', async () => {
      // Tokens 1 to 19 are the letters b to t, 20 is a newline and 21 "cb"; token 0 stops. Allowed: "c", then up to three letters,
      // then a newline.
      const vocabulary: Vocabulary = {
        bytes: Uint8Array.from([...Array.from({ length: 19 }, (_, token) => 98 + token), 10, 99, 98]),
        offsets: Int32Array.from([0, ...Array.from({ length: 21 }, (_, token) => token), 22]),
      }
      const constraint: Constraint = {
        vocabulary,
        bytes: Uint8Array.of(0, 99, 10),
        children: Int32Array.of(1, 2, -1),
        siblings: Int32Array.of(-1, -1, -1),
        texts: Int32Array.of(-1, 3, -1),
        ends: Uint8Array.of(0, 0, 1),
        reserve: 1,
      }
      const prompts = PROMPTS.slice(0, 4)
      const constraints = [constraint, null, constraint, constraint]
      for (const sampling of [GREEDY, DRAWN, NUCLEUS]) {
        const held = { ...seeded({ ...sampling, stop_token_ids: [0] }, prompts), constraints }
        const [one] = await compare(engines, held, 'a', prompts)
        expect(one!.stopped).toBe(true)
        expect(one!.tokens.at(-1)).toBe(0)
        expect([2, 21]).toContain(one!.tokens[0])
      }
      const short = { ...seeded({ ...GREEDY, max_new_tokens: 1 }, prompts), constraints }
      for (const engine of Object.values(engines)) {
        const refused = await engine.generate(prompts, short, null).catch((error: unknown) => error)
        expect(refused).toMatchObject({ messages: [{ id: 'answerDoesNotFit' }] })
      }
    })

    test('a call that is cancelled leaves those it was joined with, again and again', async () => {
      const { card } = engines
      const prompts = PROMPTS.slice(0, 2)
      const alone = await card.generate(prompts, seeded(DRAWN, prompts), null)
      for (let time = 0; time < 3; time++) {
        const control = new AbortController()
        let drawn = 0
        const long = { ...DRAWN, max_new_tokens: 50 }
        const cancelled = card.generate(PROMPTS.slice(2), seeded(long, PROMPTS.slice(2)), null, {
          signal: control.signal,
          onToken: () => {
            if (++drawn === 2) control.abort(new Error('enough'))
          },
        })
        const other = card.generate(prompts, seeded(DRAWN, prompts), null)
        await expect(cancelled).rejects.toThrow('enough')
        expect(await other).toEqual(alone)
        expect(drawn).toBe(2)
      }
      await expect(card.generate(prompts, seeded(DRAWN, prompts), 'absent')).rejects.toThrow('absent')
    })

    test('weights that change are seen, whatever was computed with those before', async () => {
      const prompts = PROMPTS.slice(1, 3)
      const decay = {
        learning_rate: 0.5,
        adam_beta1: 0.9,
        adam_beta2: 0.99,
        adam_epsilon: 1e-8,
        weight_decay: 1,
        max_grad_norm: 1,
      }
      const told: Completion[][] = []
      for (const seed of [3, 4]) {
        for (const engine of Object.values(engines)) {
          await engine.addAdapter('b', LORA, randomAdapter(TIED, LORA, seed, 0.3))
        }
        told.push(await compare(engines, seeded(GREEDY, prompts), 'b', prompts))
        if (seed === 3) for (const engine of Object.values(engines)) await engine.removeAdapter('b')
      }
      for (const engine of Object.values(engines)) {
        await engine.train('b')
        // No gradient: the weights decay.
        await engine.step(decay)
      }
      told.push(await compare(engines, seeded(GREEDY, prompts), 'b', prompts))
      expect(new Set(told.map((completions) => completions[0]!.logprobs[0])).size).toBe(3)
    })
  })
})
