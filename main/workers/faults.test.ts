/** What may happen to workers, the lab, the server and the network, with processes of their own and a real server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { episodesOf, hand, playOf } from '../../testing/queue-play.ts'
import type { QueueWorkerOptions } from '../../testing/queue-worker.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../testing/redis-server.ts'
import { startProxy } from '../../testing/tcp-proxy.ts'
import { projectPath } from '../files/paths.ts'
import { postPlay, workers } from './presence.ts'
import { connectServer, type Server } from './server.ts'

let redis: RedisServer
let server: Server
let children: ChildProcess[]

beforeEach(() => {
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  server?.close()
  await redis?.close()
})

async function start(...args: readonly string[]): Promise<void> {
  redis = await startRedis(...args)
  server = await connectServer(redis.address, 'lab')
}

interface Started {
  readonly child: ChildProcess
  /** Resolves once its output has this. */
  says(text: string): Promise<void>
  out(): string
}

/** A worker in a process of its own. */
async function startWorker(options: Partial<QueueWorkerOptions> = {}): Promise<Started> {
  const worker = await startProgram('queue-worker.ts', { address: redis.address, ...options })
  await worker.says('ready')
  return worker
}

async function startProgram(name: string, options: object): Promise<Started> {
  const child = spawn(process.execPath, [projectPath(`testing/${name}`), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const says = (text: string) => expect.poll(() => out, { timeout: 30_000, interval: 20 }).toContain(text)
  return { child, says, out: () => out }
}

/** All attempts at so many problems came, each once. */
function expectAll({ by, times }: Awaited<ReturnType<typeof hand>>, problems: number): void {
  expect(by.size).toBe(2 * problems)
  expect(times).toBe(2 * problems)
}

describe.skipIf(!hasRedisServer())('the queue under faults (needs redis-server)', () => {
  test('a worker is killed in mid-episode: others play what it had', async () => {
    await start()
    const { child, says } = await startWorker({ delay: 60_000 })
    const run = hand(server, 12)
    await says('plays')
    child.kill('SIGKILL')
    expectAll(await run, 12)
  })

  test('a worker stands still, and another takes its problems: what it gives back later is dropped', async () => {
    await start()
    const { child, says } = await startWorker({ delay: 1_000, slots: 2 })
    const run = hand(server, 14)
    await says('plays')
    child.kill('SIGSTOP')
    await pause(4_000)
    child.kill('SIGCONT')
    expectAll(await run, 14)
  })

  test('a poisoned problem kills three workers and is set aside; those beside it are not', async () => {
    await start()
    const starting = Array.from({ length: 5 }, (_, at) => startWorker({ name: `w${at}`, poison: 1, delay: 30 }))
    await Promise.all(starting)
    const aside = Promise.withResolvers<void>()
    const { by, times, said, episodes } = await hand(server, 10, {
      // It takes the first problem, and no other until the poison is gone.
      async playHere(problem, signal, onEpisode) {
        await Promise.race([aside.promise, pause(50_000, undefined, { signal })])
        for (const episode of episodesOf(problem)) onEpisode(episode)
      },
      say: (id, ..._given) => {
        if (id === 'setAside') aside.resolve()
      },
    })
    expect([by.size, times]).toEqual([20, 20])
    const faults = [...episodes.values()].filter(({ outcome }) => outcome === 'fault').map(({ seed }) => seed)
    expect(faults).toEqual([1, 1])
    expect(said).toContainEqual(expect.stringMatching(/Task press at seed 1 ended or broke its worker 3 times/))
    expect(children.filter(({ signalCode }) => signalCode === 'SIGKILL').length).toBe(3)
  })

  test.each([
    ['with an append-only file', ['--appendonly', 'yes', '--appendfsync', 'always']],
    ['with nothing', []],
  ])('the server dies and comes back %s', async (_, args) => {
    await start(...args)
    await startWorker({ delay: 100, slots: 2 })
    const run = hand(server, 40)
    await pause(700)
    await redis.restart({ downFor: 700 })
    const done = await run
    expectAll(done, 40)
    expect(done.said).toContainEqual(expect.stringMatching(/does not take what the lab sends/))
    expect(done.said).toContain('The queue works again.')
  })

  test('the server goes away while a worker waits: it says so, and when it is back', async () => {
    await start()
    const { child, says } = await startWorker()
    await expect.poll(async () => (await workers(server)).length, { timeout: 15_000 }).toBe(1)
    await redis.restart({ downFor: 1_500 })
    await says('away')
    await says('back')
    expect(child.exitCode).toBe(null)
  })

  test('the network between a worker and the server is cut, and heals', async () => {
    await start()
    const proxy = await startProxy(redis.port)
    try {
      const { says } = await startWorker({ address: `redis://127.0.0.1:${proxy.port}`, delay: 50, slots: 2 })
      const run = hand(server, 30)
      await says('plays')
      proxy.cut(true)
      await pause(2_500)
      proxy.heal()
      const done = await run
      expectAll(done, 30)
      expect(new Set(done.by.values())).toEqual(new Set(['here', 'there']))
    } finally {
      await proxy.close()
    }
  })

  test('the network between lab and server is cut, and heals', async () => {
    await start()
    const proxy = await startProxy(redis.port)
    const lab = await connectServer(`redis://127.0.0.1:${proxy.port}`, 'lab')
    try {
      const { says } = await startWorker({ delay: 50, slots: 2 })
      const run = hand(lab, 30)
      await says('plays')
      proxy.cut(true)
      await pause(2_500)
      proxy.heal()
      expectAll(await run, 30)
    } finally {
      lab.close()
      await proxy.close()
    }
  })

  test('the memory of the server is full, and gets room again', async () => {
    await start('--maxmemory-policy', 'noeviction')
    await startWorker({ delay: 50, slots: 2 })
    const run = hand(server, 30)
    await pause(500)
    await server.redis.config('SET', 'maxmemory', '1mb')
    await pause(2_500)
    await server.redis.config('SET', 'maxmemory', '0')
    const done = await run
    expectAll(done, 30)
    expect(done.said).toContainEqual(expect.stringMatching(/OOM/))
  })

  test('workers come and go all the time', async () => {
    await start()
    const coming = (async () => {
      for (let at = 0; at < 4; at++) {
        const { child } = await startWorker({ name: `w${at}`, delay: 100, slots: 2 })
        await pause(400)
        child.kill(at % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
        if (at % 2 === 1) await once(child, 'exit')
      }
    })()
    const [done] = await Promise.all([hand(server, 30), coming])
    expectAll(done, 30)
    expect(done.said).toEqual([])
  })

  test('a worker that waits for problems ends at once when it is told to', async () => {
    await start()
    await postPlay(server, { ...playOf(), share: 1 })
    const { child, says } = await startWorker()
    await says('begins')
    const ended = once(child, 'exit').then(() => 'ended')
    child.kill('SIGTERM')
    // A timer that its connection left behind kept it for half a minute.
    expect(await Promise.race([ended, pause(15_000, 'still there', { ref: false })])).toBe('ended')
  })

  test('the lab is killed: the next one takes in what was finished, and hands out the rest', async () => {
    await start()
    const lab = await startProgram('queue-lab.ts', { address: redis.address, problems: 40 })
    const { out } = await startWorker({ delay: 50, slots: 2 })
    // Which problems the worker plays is chance: the lab plays along.
    const played = () => out().match(/^plays /gm)?.length ?? 0
    await expect.poll(played, { timeout: 30_000, interval: 20 }).toBeGreaterThanOrEqual(5)
    lab.child.kill('SIGKILL')
    await once(lab.child, 'exit')
    // It may have printed nothing yet.
    const before = new Set(lab.out().split('\n').filter(Boolean))
    const { by, times } = await hand(server, 40)
    expect(times).toBe(by.size)
    expect(new Set([...before, ...by.keys()]).size).toBe(80)
    expect(await server.redis.keys('lab:*problems*')).toEqual([])
  })
})
