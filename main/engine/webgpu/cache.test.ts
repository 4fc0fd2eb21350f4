/** Pages of keys and values: who has them, and the memory that they get. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TIED } from '../../../testing/small-models.ts'
import { softwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu } from '../../../testing/webgpu.ts'
import { PageCache, pageNumbers } from './cache.ts'
import { Gpu } from './device.ts'
import { PAGE } from './kernels/pages.ts'
import { part } from './memory.ts'

/** Bytes of a page in both layers. */
const PAGE_BYTES = 2 * 4 * pageNumbers(TIED)

test('a page is free when nobody has it, and more are given than the limit says', () => {
  const cache = new PageCache(TIED, 3 * PAGE_BYTES)
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

test('a page that may be found stays after its last use, until its place is needed or the weights change', () => {
  const cache = new PageCache(TIED, 3 * PAGE_BYTES)
  const tokens = Array.from({ length: 3 }, (_, index) => new Int32Array(PAGE).fill(index))
  const [first, second] = [cache.take(), cache.take()]
  cache.know(first, cache.keyOf('a', undefined, tokens[0]!)!)
  expect(cache.keyOf('a', second, tokens[1]!)).toBeUndefined()
  const key = cache.keyOf('a', first, tokens[1]!)!
  cache.know(second, key)
  cache.release([first, second])
  expect(cache.available).toBe(3)
  expect(cache.find(cache.keyOf(null, undefined, tokens[0]!)!)).toBeUndefined()
  expect(cache.find(cache.keyOf('a', undefined, tokens[0]!)!)).toBe(first)
  expect(cache.find(key)).toBe(second)
  cache.release([first, second])
  // The third place is still free; then the second page is of less use than the first.
  expect([cache.take(), cache.take()]).toEqual([2, second])
  expect(cache.find(key)).toBeUndefined()
  expect(cache.find(cache.keyOf('a', undefined, tokens[0]!)!)).toBe(first)
  cache.forget()
  expect(cache.find(cache.keyOf('a', undefined, tokens[0]!)!)).toBeUndefined()
  expect(cache.available).toBe(0)
  cache.release([first, second, 2])
  expect(cache.available).toBe(3)
})

describeWebGpu('pages on the card', () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = new Gpu(await softwareDevice())
  }, 300_000)
  afterAll(() => gpu?.close())

  test('what is in pages stays there when the memory grows', async () => {
    const cache = new PageCache(TIED, 1000 * PAGE_BYTES)
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
