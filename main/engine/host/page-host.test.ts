/** The Engine interface over a page of Chromium, against the same engine in this process. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBigramEngine } from '../../../testing/bigram-engine.ts'
import { HOLDING } from '../../../testing/hosted.ts'
import { UserError } from '../../messages/error.ts'
import type { TensorStream } from '../checkpoint/tensor-stream.ts'
import type { Engine, Forest, LoraConfig, Scores, Tensors } from '../engine.ts'
import { chromiumPage, type HostPage, startPageHost } from './page-host.ts'
import { answerModule, ORIGIN } from './page-modules.ts'
import { openRemoteEngine } from './remote-engine.ts'

const PROGRAM = 'testing/page-program.ts'
const TABLE = Float32Array.from({ length: 256 }, (_, index) => Math.sin(index))
const WEIGHTS: TensorStream = {
  fileOf: () => 'the table',
  async *pieces() {
    for (const offset of [0, 128]) {
      const part = TABLE.slice(offset, offset + 128)
      yield { offset, dtype: 'F32', bytes: new Uint8Array(part.buffer) }
    }
  },
}
const LORA: LoraConfig = { r: 1, lora_alpha: 1, lora_dropout: 0, target_modules: ['q_proj'] }
const FOREST: Forest = [{ tokens: Int32Array.of(1, 2, 3), parent: -1, targetStart: 1 }]
const slopes = ({ logprobs }: Scores) => logprobs.map(() => -1)

const bytesOf = (tensors: Tensors) => new Uint8Array(tensors.get('table')!.data.buffer)

describe('an engine in a page', () => {
  let local: Engine
  let remote: Engine
  let hosted: HostPage
  beforeAll(async () => {
    local = createBigramEngine(TABLE)
    const host = await startPageHost(async () => {
      hosted = await chromiumPage()
      return hosted
    }, PROGRAM)
    remote = await openRemoteEngine(
      host,
      { kind: 'tfjs', config: local.config, wish: { name: null, power: null }, holding: HOLDING },
      WEIGHTS,
    )
  })
  afterAll(() => remote.close())

  test('scores and trains as the engine does', async () => {
    for (const engine of [local, remote]) await engine.addAdapter('a', LORA, await engine.baseWeights())
    expect(await remote.logprobs(FOREST, 'a')).toEqual(await local.logprobs(FOREST, 'a'))
    for (const engine of [local, remote]) await engine.train('a')
    expect(await remote.accumulate(FOREST, slopes)).toEqual(await local.accumulate(FOREST, slopes))
    const gradients = await local.gradients()
    expect(await remote.gradients()).toEqual(gradients)
  })

  test('takes and gives arrays of many numbers, whole and in order', async () => {
    const data = Float32Array.from({ length: 500_000 }, (_, index) => index % 8191)
    const large = new Map([['table', { shape: [data.length], data }]])
    await Promise.all([
      remote.addAdapter('large', LORA, large),
      remote.addAdapter('small', LORA, new Map([['table', { shape: [256], data: TABLE }]])),
    ])
    const [first, second] = await Promise.all([remote.adapterWeights('large'), remote.adapterWeights('small')])
    expect(Buffer.compare(bytesOf(first), bytesOf(large))).toBe(0)
    expect(second.get('table')!.data).toEqual(TABLE)
  })

  test('the page reaches nothing but its modules', async () => {
    const reached = await hosted.page.evaluate(async () => {
      const reach = (url: string) =>
        fetch(url)
          .then(({ status }) => status)
          .catch(() => 'refused')
      return Promise.all(['/main/engine/engine.ts', 'http://127.0.0.1:1/', 'https://example.com/'].map(reach))
    })
    expect(reached).toEqual(['refused', 'refused', 'refused'])
    for (const path of [
      '/package.json',
      '/main/../package.json',
      '/node_modules/ws/index.js',
      '/testing/%2e%2e/config.yaml',
      '/none.ts',
    ]) {
      expect(answerModule(`${ORIGIN}${path}`, PROGRAM).status, path).toBe(404)
    }
    expect(answerModule('https://example.com/main/engine/line.ts', PROGRAM).status).toBe(404)
    expect(await hosted.page.evaluate(() => isSecureContext)).toBe(true)
  })

  test('a page that crashes is one sentence, for calls under way and for later ones', async () => {
    const call = remote.accumulate(FOREST, async (scores) => {
      hosted.page.goto('chrome://crash').catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref())
      return slopes(scores)
    })
    await expect(call).rejects.toThrow(UserError)
    await expect(remote.logprobs(FOREST, null)).rejects.toThrow(/has ended/)
  })
})
