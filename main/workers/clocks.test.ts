/** Machines whose clocks are wrong: nothing that counts may depend on what a clock shows. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hand, THERE } from '../../testing/queue-play.ts'
import type { QueueWorkerOptions } from '../../testing/queue-worker.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../testing/redis-server.ts'
import { projectPath } from '../files/paths.ts'
import { fetchPolicy, offerPolicy, policyKey } from './policies.ts'
import { NOTICE, workers } from './presence.ts'
import { connectServer, type Server } from './server.ts'
import { work } from './worker.ts'

const HOUR = 3_600_000

let redis: RedisServer
let server: Server
let child: ChildProcess | undefined

beforeEach(async () => {
  if (!hasRedisServer()) return
  redis = await startRedis()
  server = await connectServer(redis.address, 'lab')
})
afterEach(async () => {
  vi.useRealTimers()
  child?.kill('SIGKILL')
  child = undefined
  server?.close()
  await redis?.close()
})

/** A worker in a process with a clock of its own, and what it tells. */
async function startWorker(options: Partial<QueueWorkerOptions>): Promise<() => string> {
  const given = JSON.stringify({ address: redis.address, ...options })
  child = spawn(process.execPath, [projectPath('testing/queue-worker.ts'), given], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  await expect.poll(() => out, { timeout: 30_000 }).toContain('ready')
  return () => out
}

describe.skipIf(!hasRedisServer())('clocks that differ (needs redis-server)', () => {
  test.each([HOUR, -HOUR])(
    'a worker whose clock is %d ms ahead plays along, and is listed as just seen',
    async (ahead) => {
      const out = await startWorker({ ahead, delay: 50, slots: 2 })
      await expect.poll(() => workers(server), { timeout: 15_000 }).toHaveLength(1)
      const [{ seen } = { seen: -1 }] = await workers(server)
      expect(seen).toBeGreaterThanOrEqual(0)
      expect(seen).toBeLessThan(NOTICE.stays)
      const { by, times, said } = await hand(server, 30)
      expect([by.size, times]).toEqual([60, 60])
      expect(new Set(by.values())).toEqual(new Set(['here', 'there']))
      expect(said).toEqual([])
      expect(out()).not.toContain('away')
    },
  )

  test('a clock that is set back while problems are played loses and doubles nothing', async () => {
    // Longer than a lock lasts. BullMQ renews locks by the clock.
    const out = await startWorker({ later: -HOUR, delay: 2_500, slots: 2 })
    const { by, times, said } = await hand(server, 10)
    expect([by.size, times]).toEqual([20, 20])
    expect(said).toEqual([])
    await expect.poll(out, { timeout: 15_000 }).toContain('ends')
    expect(out()).not.toContain('away')
  })

  test('the rate of a worker does not depend on its clock', async () => {
    const stop = new AbortController()
    const working = work({ ...THERE, server, signal: stop.signal, hear() {} })
    const told = async () => (await workers(server)).map(({ episodes, lately }) => [episodes, lately])
    try {
      await expect.poll(told, { timeout: 15_000 }).toEqual([[0, 0]])
      const { by } = await hand(server, 20)
      const played = [...by.values()].filter((name) => name === 'there').length
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR })
      await expect.poll(told, { timeout: 15_000 }).toEqual([[played, played]])
    } finally {
      stop.abort()
      await working
    }
  })

  test('an adapter that was just fetched stays, although all others seem newer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'policies-'))
    try {
      const [adapter, cache] = [join(folder, 'adapter'), join(folder, 'cache')]
      mkdirSync(adapter)
      writeFileSync(join(adapter, 'adapter_config.json'), '{}')
      writeFileSync(join(adapter, 'adapter_model.safetensors'), 'weights')
      const later = new Date(Date.now() + HOUR)
      for (let at = 0; at < 20; at++) {
        mkdirSync(join(cache, `old-${at}`), { recursive: true })
        utimesSync(join(cache, `old-${at}`), later, later)
      }
      const policy = policyKey(adapter)
      await offerPolicy(server, policy, adapter)
      expect(policyKey(await fetchPolicy(server, policy, cache))).toEqual(policy)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
