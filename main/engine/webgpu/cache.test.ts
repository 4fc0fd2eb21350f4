/** Pages of keys and values: who has them, and the memory that they get. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { softwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu } from '../../../testing/webgpu.ts'
import { qwen2 } from '../families.ts'
import { PageCache, pageNumbers } from './cache.ts'
import { Gpu } from './device.ts'
import { part } from './memory.ts'

const CONFIG = qwen2({
  vocab_size: 23,
  hidden_size: 24,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
})
/** Bytes of a page in both layers. */
const PAGE_BYTES = 2 * 4 * pageNumbers(CONFIG)

test('a page is free when nobody has it, and more are given than the limit says', () => {
  const cache = new PageCache(CONFIG, 3 * PAGE_BYTES)
  expect(cache.available).toBe(3)
  const pages = [cache.take(), cache.take()]
  cache.share(pages[0]!)
  cache.release(pages)
  expect(cache.available).toBe(2)
  const again = [cache.take(), cache.take(), cache.take()]
  expect(new Set([pages[0], ...again]).size).toBe(4)
  expect(cache.available).toBe(-1)
  cache.release([pages[0]!, ...again])
  expect(cache.available).toBe(3)
})

describeWebGpu('pages on the card', () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = new Gpu(await softwareDevice())
  }, 300_000)
  afterAll(() => gpu?.close())

  test('what is in pages stays there when the memory grows', async () => {
    const cache = new PageCache(CONFIG, 1000 * PAGE_BYTES)
    const bytes = PAGE_BYTES / 2
    cache.take()
    const second = cache.take()
    await cache.fit(gpu)
    const { bytes: before } = cache.layer(1)
    gpu.write(part(cache.layer(1), second * bytes, bytes), new Uint8Array(bytes).fill(7))
    for (let page = 0; page < 200; page++) cache.take()
    await cache.fit(gpu)
    expect(cache.layer(1).bytes).toBeGreaterThan(before)
    expect(cache.layer(1).bytes).toBeGreaterThanOrEqual(202 * bytes)
    const [kept] = await gpu.read(part(cache.layer(1), second * bytes, bytes))
    expect(new Uint8Array(kept!).every((byte) => byte === 7)).toBe(true)
    cache.clear(gpu)
    expect(cache.available).toBe(1000)
  })
})
