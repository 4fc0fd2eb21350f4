/** The engine on WebGPU in both hosts, on the software adapter, against TensorFlow.js. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOLDING } from '../../../testing/hosted.ts'
import { randomAdapter, randomModel, TINY } from '../../../testing/random-model.ts'
import { findChromium } from '../../chromium/find.ts'
import { streamTensors } from '../checkpoint/tensor-stream.ts'
import type { Constraint, Engine, Forest, LoraConfig, Scores } from '../engine.ts'
import { createTfjsEngine } from '../tfjs/engine.ts'
import { SOFTWARE } from './adapter.ts'
import { findAdapter, type GpuOptions, startGpuHost } from './gpu-host.ts'
import { openRemoteEngine } from './remote-engine.ts'
import { swiftShaderVariables } from './swift-shader.ts'

const BASE = randomModel(TINY, 1, 0.3)
const LORA: LoraConfig = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj', 'down_proj'] }
const FOREST: Forest = [
  { tokens: Int32Array.of(1, 2, 3), parent: -1, targetStart: 3 },
  { tokens: Int32Array.of(4, 5), parent: 0, targetStart: 0 },
  { tokens: Int32Array.of(6), parent: 0, targetStart: 0 },
]
const ADAMW = {
  learning_rate: 0.01,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}
const mean = ({ logprobs }: Scores) => logprobs.map(() => -1 / logprobs.length)

const hosts = (await findChromium().catch(() => undefined)) === undefined ? [] : (['node', 'page'] as const)
const software = Object.keys(await swiftShaderVariables()).length > 0

describe.runIf(software).each(hosts)('in the host %s', (host) => {
  const gpu: GpuOptions = { host, name: SOFTWARE, power: null }
  let engine: Engine
  let judge: Engine
  beforeAll(async () => {
    const opening = { kind: 'webgpu', config: TINY, wish: gpu, holding: HOLDING } as const
    engine = await openRemoteEngine(await startGpuHost(gpu), opening, streamTensors(BASE))
    judge = await createTfjsEngine(TINY, BASE, { backend: 'cpu' })
    for (const each of [engine, judge]) await each.addAdapter('a', LORA, randomAdapter(TINY, LORA, 2, 0.3))
  })
  afterAll(async () => {
    await Promise.all([engine?.close(), judge?.close()])
  })

  // SwiftShader compiles every kernel, which takes minutes on a busy machine.
  test('scores, and learns, as TensorFlow.js does', { timeout: 300_000 }, async () => {
    expect(engine.kind).toBe('webgpu')
    for (const each of [engine, judge]) await each.train('a')
    for (let step = 0; step < 2; step++) {
      const [seen, wanted] = await Promise.all([engine.accumulate(FOREST, mean), judge.accumulate(FOREST, mean)])
      expect([...seen.logprobs]).toEqual([...wanted.logprobs].map((one) => expect.closeTo(one, 4)))
      const [{ grad_norm }, expected] = await Promise.all([engine.step(ADAMW), judge.step(ADAMW)])
      expect(grad_norm).toBeCloseTo(expected.grad_norm, 3)
    }
  })

  test('generates and streams as TensorFlow.js does', { timeout: 300_000 }, async () => {
    // Token 5 is "x", and the only text; token 0 stops.
    const vocabulary = { bytes: Uint8Array.of(120), offsets: Int32Array.of(0, 0, 0, 0, 0, 0, 1) }
    const constraint: Constraint = {
      vocabulary,
      bytes: Uint8Array.of(0, 120),
      children: Int32Array.of(1, -1),
      siblings: Int32Array.of(-1, -1),
      texts: Int32Array.of(-1, -1),
      ends: Uint8Array.of(0, 1),
      reserve: 0,
    }
    const prompts = [Int32Array.of(1, 2, 3), Int32Array.of(4, 5), Int32Array.of(4, 5)]
    const sampling = { temperature: 1, top_p: 0.9, max_new_tokens: 5, stop_token_ids: [0], seeds: [5, 6, 7] }
    const [seen, wanted] = await Promise.all(
      [engine, judge].map(async (each) => {
        const told: number[][] = [[], [], []]
        const completions = await each.generate(prompts, { ...sampling, constraints: [null, null, constraint] }, 'a', {
          onToken: ({ prompt, token }) => told[prompt]!.push(token),
        })
        expect(told).toEqual(completions.map(({ tokens }) => [...tokens]))
        return told
      }),
    )
    expect(seen).toEqual(wanted)
    expect(seen![2]).toEqual([5, 0])
    const control = new AbortController()
    const long = engine.generate(prompts, { ...sampling, max_new_tokens: 100, stop_token_ids: [] }, null, {
      signal: control.signal,
      onToken: () => control.abort(new Error('enough')),
    })
    await expect(long).rejects.toThrow('enough')
  })

  test('a card that is not there is refused, and the software adapter only taken where it is asked for', async () => {
    await expect(findAdapter({ ...gpu, name: 'No such card' })).rejects.toThrow(/no graphics card|gives the adapter/)
    await expect(findAdapter(gpu)).resolves.toMatchObject({ software: true })
  })
})
