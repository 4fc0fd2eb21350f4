import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jpegOf } from '../../testing/jpeg.ts'
import { playOf, THERE } from '../../testing/queue-play.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../testing/redis-server.ts'
import { look, MOST, postLook, type SeenPage, wantLook } from './looks.ts'
import { postPlay, workers } from './presence.ts'
import { connectServer, type Server } from './server.ts'
import { work } from './worker.ts'

let redis: RedisServer
let server: Server
beforeEach(async () => {
  if (!hasRedisServer()) return
  redis = await startRedis()
  server = await connectServer(redis.address, 'lab')
})
afterEach(async () => {
  if (!hasRedisServer()) return
  server.close()
  await redis.close()
})

const JPEG = Buffer.from(jpegOf(500, 320)).toString('base64')
const PAGE: SeenPage = {
  ...{ id: 'job-1', stage: 'collect', arm: '', task: 'press', seed: 3, attempt: 0, step: 1, status: 'playing' },
  ...{ instruction: 'Press it.', thought: 'press it', action: 'click Save', jpeg: JPEG },
}

describe.skipIf(!hasRedisServer())('looks at a worker (needs redis-server)', () => {
  test('pages are shown while somebody looks, and not before or after', async () => {
    const calls: string[] = []
    const stop = new AbortController()
    const window = {
      open: () => calls.push('open'),
      pages: () => [PAGE],
      close: () => calls.push('close'),
    }
    const working = work({ ...THERE, server, window, signal: stop.signal, hear() {} })
    await postPlay(server, { ...playOf(), share: 1 })
    await expect.poll(() => workers(server), { timeout: 15_000 }).toHaveLength(1)
    const [{ id } = { id: '' }] = await workers(server)
    expect(await look(server, id)).toEqual([])
    expect(calls).not.toContain('open')
    await wantLook(server, id)
    await expect.poll(() => look(server, id), { timeout: 15_000 }).toEqual([PAGE])
    await server.redis.del(server.key('wanted', id))
    await expect.poll(() => calls.at(-1), { timeout: 15_000 }).toBe('close')
    expect(await server.redis.pttl(server.key('look', id))).toBeGreaterThan(-3)
    stop.abort()
    await working
  })

  test('what is too long is cut by the worker', async () => {
    const long = 'x'.repeat(10_000)
    const jpeg = 'A'.repeat(MOST.picture + 4)
    await postLook(server, 'one', new Array(40).fill({ ...PAGE, thought: long, jpeg }))
    const pages = await look(server, 'one')
    expect(pages).toHaveLength(MOST.pages)
    expect(pages[0]).toEqual({ ...PAGE, thought: long.slice(0, 2_000), jpeg: null })
  })

  test.each([
    ['no JSON', '['.repeat(100_000)],
    ['other pages', JSON.stringify([{ ...PAGE, status: 'x' }])],
    ['more than there may be', JSON.stringify(new Array(MOST.pages + 1).fill(PAGE))],
    ['a picture that is too long', JSON.stringify([{ ...PAGE, jpeg: 'A'.repeat(MOST.picture + 4) }])],
    ['a text that is too long', `"${'x'.repeat(MOST.look + 10)}"`],
  ])('%s in the place of pages is passed over', async (_, text) => {
    await server.redis.set('lab:look:one', text)
    expect(await look(server, 'one')).toEqual([])
  })

  test('a picture that is none, or as large as a wall, is left out', async () => {
    const pictures = ['<svg/>', '', Buffer.from(jpegOf(60_000, 60_000))].map((one) =>
      Buffer.from(one).toString('base64'),
    )
    await server.redis.set('lab:look:one', JSON.stringify(pictures.map((jpeg) => ({ ...PAGE, jpeg }))))
    expect((await look(server, 'one')).map(({ jpeg }) => jpeg)).toEqual([null, null, null])
  })
})
