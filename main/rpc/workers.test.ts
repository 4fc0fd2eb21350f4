import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HERE } from '../../testing/queue-play.ts'
import { hasRedisServer, startRedis } from '../../testing/redis-server.ts'
import { Settings } from '../config/settings.ts'
import { projectPath } from '../files/paths.ts'
import { isWanted, postLook } from '../workers/looks.ts'
import { postWorker } from '../workers/presence.ts'
import { connectServer } from '../workers/server.ts'
import type { Context } from './trpc.ts'
import { workersRouter } from './workers.ts'

/** A lab whose configuration names this queue. */
function labWith(queue: string | null) {
  const file = join(mkdtempSync(join(tmpdir(), 'workers-')), 'config.yaml')
  copyFileSync(projectPath('config.yaml'), file)
  const settings = new Settings(file, { 'workers.queue': queue })
  return workersRouter.createCaller({ settings } as unknown as Context)
}

test('a lab without a queue has no workers', async () => {
  expect(await labWith(null).list()).toEqual({ queue: null, workers: [] })
})

test('a queue that does not answer is told with its address', async () => {
  await expect(labWith('redis://127.0.0.1:1').list()).rejects.toThrow(/redis:\/\/127.0.0.1:1 does not answer/)
})

describe.skipIf(!hasRedisServer())('with redis-server', () => {
  test('the workers at the queue are listed', async () => {
    const redis = await startRedis()
    const server = await connectServer(redis.address, 'dpo-driver')
    try {
      const playing = [{ run: 3, stage: 'collect', arm: '', task: 'click-tab', seed: 7 }]
      const state = { pages: 4, slots: 16, episodes: 9, lately: 2, playing, refuses: [] }
      await postWorker(server, { id: 'one-1', machine: HERE, ...state })
      expect(await labWith(redis.address).list()).toEqual({
        queue: redis.address,
        workers: [{ id: 'one-1', machine: HERE, ...state, seen: expect.any(Number) }],
      })
    } finally {
      server.close()
      await redis.close()
    }
  })

  test('who looks at a worker says so, and gets what it left', async () => {
    const redis = await startRedis()
    const server = await connectServer(redis.address, 'dpo-driver')
    try {
      const page = {
        ...{ id: 'job-1', stage: 'collect', arm: '', task: 'click-tab', seed: 7, attempt: 0, step: 1 },
        ...({ status: 'playing', instruction: 'Click.', thought: '', action: '', jpeg: null } as const),
      }
      await postLook(server, 'one-1', [page])
      expect(await isWanted(server, 'one-1')).toBe(false)
      for await (const pages of await labWith(redis.address).look({ worker: 'one-1' })) {
        expect(pages).toEqual([page])
        expect(await isWanted(server, 'one-1')).toBe(true)
        break
      }
      await expect(labWith(redis.address).look({ worker: '../x' })).rejects.toThrow()
    } finally {
      server.close()
      await redis.close()
    }
  })
})
