/** The Engine interface over a Node process, against the same engine in this one. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOLDING } from '../../../testing/hosted.ts'
import { randomAdapter, randomModel, TINY } from '../../../testing/random-model.ts'
import { UserError } from '../../messages/error.ts'
import { streamTensors } from '../checkpoint/tensor-stream.ts'
import type { Constraint, Engine, Forest, LoraConfig, Scores, Vocabulary } from '../engine.ts'
import { createTfjsEngine } from '../tfjs/engine.ts'
import { startNodeHost } from './node-host.ts'
import { openRemoteEngine } from './remote-engine.ts'

const PROGRAM = fileURLToPath(new URL('../../../testing/host-program.ts', import.meta.url))
const BASE = randomModel(TINY, 1, 0.3)
const LORA: LoraConfig = {
  ...{ r: 2, lora_alpha: 4, lora_dropout: 0.1, target_modules: ['q_proj', 'down_proj'] },
  layers_to_transform: [1],
}
const ADAPTER = randomAdapter(TINY, LORA, 2, 0.3)
const ADAMW = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0.01,
  max_grad_norm: Number.POSITIVE_INFINITY,
}
const FOREST: Forest = [
  { tokens: Int32Array.of(1, 2, 3), parent: -1, targetStart: 3 },
  { tokens: Int32Array.of(4, 5), parent: 0, targetStart: 0 },
  { tokens: Int32Array.of(6), parent: 0, targetStart: 0 },
]
const PROMPTS = [Int32Array.of(1, 2, 3), Int32Array.of(4, 5)]
const SAMPLING = { temperature: 1, top_p: 1, max_new_tokens: 6, stop_token_ids: [0], seeds: [5, 6] }
const mean = ({ logprobs }: Scores) => logprobs.map((_, index) => -(index + 1) / logprobs.length)

const OPENING = { kind: 'tfjs', config: TINY, wish: { name: null, power: null }, holding: HOLDING } as const
const open = () => openRemoteEngine(startNodeHost({ program: PROGRAM }), OPENING, streamTensors(BASE))

describe('an engine in another process', () => {
  let remote: Engine
  let local: Engine
  beforeAll(async () => {
    local = await createTfjsEngine(TINY, BASE, { backend: 'cpu' })
    remote = await open()
  })
  afterAll(async () => {
    await Promise.all([remote.close(), local.close()])
  })
  /** What a piece of work gives on both. */
  const both = async <R>(work: (engine: Engine) => Promise<R>): Promise<R> => {
    const [here, there] = await Promise.all([work(local), work(remote)])
    expect(there).toEqual(here)
    return there
  }

  test('describes itself as that engine does', () => {
    expect(remote.description).toEqual(local.description)
    expect(remote).toMatchObject({ kind: 'tfjs', config: TINY, holding: null })
  })

  test('scores, trains, and gives back its weights and its optimiser', async () => {
    await both((engine) => engine.addAdapter('a', LORA, ADAPTER))
    await both((engine) => engine.logprobs(FOREST, null))
    await both((engine) => engine.train('a'))
    for (const seed of [undefined, 7]) await both((engine) => engine.accumulate(FOREST, mean, seed))
    await both((engine) => engine.gradients())
    expect((await both((engine) => engine.step(ADAMW))).grad_norm).toBeGreaterThan(0)
    await both((engine) => engine.adapterWeights('a'))
    await both((engine) => engine.baseWeights())
    const state = await both((engine) => engine.optimizerState())
    expect(state.step).toBe(1)
    await both((engine) => engine.setOptimizerState({ ...state, step: 4 }))
    await both(async (engine) => (await engine.optimizerState()).step)
    await both((engine) => engine.removeAdapter('a'))
  })

  test('generates and streams the same tokens', async () => {
    await both(async (engine) => {
      const drawn: unknown[][] = [[], []]
      const onToken = (one: { prompt: number; token: number }) => void drawn[one.prompt]!.push(one.token)
      const completions = await engine.generate(PROMPTS, SAMPLING, null, { onToken })
      expect(drawn).toEqual(completions.map(({ tokens }) => [...tokens]))
      return completions
    })
  })

  test('holds completions to constraints, and sends their vocabulary once', async () => {
    // Tokens 1 to 19 are the letters b to t; token 0 stops. Allowed: "cb" and "cd".
    const vocabulary: Vocabulary = {
      bytes: Uint8Array.from({ length: 19 }, (_, token) => 98 + token),
      offsets: Int32Array.from({ length: 21 }, (_, token) => Math.max(0, token - 1)),
    }
    const constraint: Constraint = {
      vocabulary,
      bytes: Uint8Array.of(0, 99, 98, 100),
      children: Int32Array.of(1, 2, -1, -1),
      siblings: Int32Array.of(-1, -1, 3, -1),
      texts: Int32Array.of(-1, -1, -1, -1),
      ends: Uint8Array.of(0, 0, 1, 1),
      reserve: 0,
    }
    for (let time = 0; time < 2; time++) {
      const [free, held] = await both((engine) =>
        engine.generate(PROMPTS, { ...SAMPLING, constraints: [null, constraint] }, null),
      )
      expect(free!.tokens.length).toBeGreaterThan(0)
      expect([...held!.tokens]).toEqual([2, expect.toSatisfy((token) => token === 1 || token === 3), 0])
    }
  })

  test('its errors are those of the engine: the user’s, the caller’s and the caller’s own', async () => {
    const long = [{ tokens: new Int32Array(200), parent: -1, targetStart: 1 }]
    const error = await remote.logprobs(long, null).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).messages).toEqual([{ id: 'sequenceTooLong', values: { tokens: 200, limit: 128 } }])
    await expect(remote.logprobs([], null)).rejects.toThrow(RangeError)
    await expect(remote.adapterWeights('none')).rejects.toThrow('none')
    await remote.train(null)
    const own = new Error('own')
    const throws = () => {
      throw own
    }
    await expect(remote.accumulate(FOREST, throws)).rejects.toBe(own)
    await expect(remote.accumulate(FOREST, () => new Float32Array(1))).rejects.toThrow('dLoss returned 1 values')
    await expect(remote.generate(PROMPTS, SAMPLING, null, { onToken: throws })).rejects.toBe(own)
    expect((await remote.logprobs(FOREST, null)).logprobs).toHaveLength(3)
  })

  test('a signal ends a call with its reason, before it starts and while it goes on', async () => {
    const reason = new Error('enough')
    await expect(remote.logprobs(FOREST, null, AbortSignal.abort(reason))).rejects.toBe(reason)
    const control = new AbortController()
    let drawn = 0
    const call = remote.generate(PROMPTS, { ...SAMPLING, max_new_tokens: 100, stop_token_ids: [] }, null, {
      signal: control.signal,
      onToken: () => {
        if (++drawn === 3) control.abort(reason)
      },
    })
    await expect(call).rejects.toBe(reason)
    expect(drawn).toBe(3)
    expect(await remote.generate(PROMPTS, SAMPLING, null)).toHaveLength(2)
  })
})
