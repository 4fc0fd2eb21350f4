import { setTimeout as pause } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { episodesOf, HERE, hand, playOf, QUICK, REQUIREMENTS, THERE, VOCABULARY } from '../../testing/queue-play.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../testing/redis-server.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { Episode, Step } from '../store/episode.ts'
import { consumeProblems, queueName, settingsKey, TRIES, triesKey } from './consumer.ts'
import { postPlay, workers } from './presence.ts'
import { type Problem, read, resultSchema } from './protocol.ts'
import { connectServer, type Server } from './server.ts'
import { type WorkerEvent, type WorkerOptions, work } from './worker.ts'

let redis: RedisServer
let server: Server
let stop: AbortController
let working: Promise<unknown>[]

beforeEach(async () => {
  if (!hasRedisServer()) return
  redis = await startRedis()
  server = await connectServer(redis.address, 'lab')
  stop = new AbortController()
  working = []
})
afterEach(async () => {
  if (!hasRedisServer()) return
  stop.abort()
  await Promise.allSettled(working)
  server.close()
  await redis.close()
})

/** Starts a worker and returns what it tells. */
function startWorker(options: Partial<WorkerOptions> = {}): WorkerEvent[] {
  const events: WorkerEvent[] = []
  working.push(work({ ...THERE, server, signal: stop.signal, hear: (event) => events.push(event), ...options }))
  return events
}

/** The keys on the server that do not vanish by themselves, but for the list of workers. */
async function staying(): Promise<string[]> {
  const keys = await server.redis.keys('*')
  const lasts = await Promise.all(keys.map((key) => server.redis.pttl(key)))
  return keys.filter((key, at) => lasts[at] === -1 && key !== 'lab:workers')
}

describe.skipIf(!hasRedisServer())('problems from a queue (needs redis-server)', () => {
  test('the lab alone plays all of them', async () => {
    const slots = 4
    const { by, times } = await hand(server, 10, { slots })
    expect(by.size).toBe(20)
    expect(times).toBe(20)
    expect(new Set(by.values())).toEqual(new Set(['here']))
  })

  test('a worker plays along, each attempt counts once, and nothing stays on the server', async () => {
    const events = startWorker()
    const { by, times } = await hand(server, 60)
    expect(by.size).toBe(120)
    expect(times).toBe(120)
    expect([...by.values()].filter((name) => name === 'there').length).toBeGreaterThan(60)
    await expect.poll(() => events.map(({ event }) => event), { timeout: 15_000 }).toEqual(['begins', 'ends'])
    expect(await staying()).toEqual([])
  })

  test('workers tell of themselves, and are gone when they stop', async () => {
    startWorker()
    const found = async () => (await workers(server)).map(({ machine, pages, slots }) => [machine.name, pages, slots])
    await expect.poll(found, { timeout: 15_000 }).toEqual([['there', 1, 4]])
    stop.abort()
    await expect.poll(found, { timeout: 15_000 }).toEqual([])
  })

  test.each([
    [
      'version',
      { requirements: { ...REQUIREMENTS, version: '0.9' } },
      /another version of the lab: 1 \(0+\) there, 0.9 \(0+\)/,
    ],
    [
      'prompt',
      { requirements: { ...REQUIREMENTS, prompt: 'instruct 2' } },
      /another prompt: compact 1 there, instruct 2 here/,
    ],
    [
      'base model',
      { requirements: { ...REQUIREMENTS, base: { name: 'mine', fingerprint: 'g' } } },
      /another base model: base there, mine here/,
    ],
    ['page', { pagesOf: () => new Map([['press', '1'.repeat(64)]]) }, /another one here, or missing: press/],
    [
      'kind',
      { machine: { ...THERE.machine, kind: 'webgpu' } },
      /machines of one kind .*: native\. This one is: webgpu/,
    ],
  ])('a worker with another %s does not play, and says why', async (_, options, why) => {
    const events = startWorker(options)
    const { by } = await hand(server, 2, { play: playOf({ kind: 'native' }) })
    expect(new Set(by.values())).toEqual(new Set(['here']))
    const refusal = events.find(({ event }) => event === 'refuses')
    expect(refusal?.event === 'refuses' && refusal.why.map(english).join(' ')).toMatch(why)
    await expect.poll(async () => (await workers(server))[0]?.refuses.length, { timeout: 15_000 }).toBe(1)
  })

  test('a result that is none is played again, and after three times a fault', async () => {
    const results = [
      { machine: THERE.machine, episodes: [{ task: 'press', seed: 0, attempt: 0 }] },
      'nonsense',
      { machine: THERE.machine, episodes: [] },
    ]
    let at = 0
    const liar = new Worker(queueName(playOf()), async () => results[at++ % 3], {
      connection: server.options,
      prefix: 'lab',
      concurrency: 1,
    })
    try {
      const aside: number[] = []
      const { outcomes, times } = await hand(server, 4, {
        // It gets at most one of them, and keeps that until the others are set aside.
        async playHere(problem, signal, onEpisode) {
          while (aside.length < 3) await pause(20, undefined, { signal })
          for (const episode of episodesOf(problem)) onEpisode(episode)
        },
        say: (id, ...[values]) => {
          if (id === 'setAside') aside.push(Number((values as { readonly seed: number }).seed))
        },
      }).then(({ episodes, times }) => ({ outcomes: [...episodes.values()].map(({ outcome }) => outcome), times }))
      expect(times).toBe(8)
      expect(outcomes.filter((outcome) => outcome === 'fault').length).toBe(2 * aside.length)
      expect(aside.length).toBeGreaterThanOrEqual(3)
    } finally {
      await liar.close(true)
    }
  })

  test('what broke in the browser of a worker is played here, and the worker stops', async () => {
    const sick = work({
      ...THERE,
      server,
      signal: stop.signal,
      hear() {},
      open: async () => ({
        play: async ({ seed, attempts }) => attempts.map((attempt) => faultOf(seed, attempt)),
        close: async () => {},
      }),
    })
    const ended = expect(sick).rejects.toThrow(/The last 8 problems all ended in faults, such as: .*3 times/)
    const { episodes, by, times } = await hand(server, 24, {
      async playHere(problem, _signal, onEpisode) {
        await ended
        for (const played of episodesOf(problem)) onEpisode(played)
      },
    })
    expect([episodes.size, times]).toEqual([48, 48])
    expect([...episodes.values()].map(({ outcome }) => outcome)).not.toContain('fault')
    expect(new Set(by.values())).toEqual(new Set(['here']))
  })

  test('a worker that is told to end while it prepares to play takes no problem', async () => {
    const opening = Promise.withResolvers<void>()
    const prepared = Promise.withResolvers<void>()
    let closed = 0
    startWorker({
      async open() {
        opening.resolve()
        await prepared.promise
        return { play: async (problem) => episodesOf(problem), close: async () => void closed++ }
      },
    })
    await postPlay(server, { ...playOf(), share: 1 })
    await opening.promise
    stop.abort()
    await Promise.all(working)
    prepared.resolve()
    const { by } = await hand(server, 6)
    expect(new Set(by.values())).toEqual(new Set(['here']))
    expect(closed).toBe(1)
  })

  test('what breaks here as well is a fault', async () => {
    startWorker({
      open: async () => ({
        play: async ({ seed, attempts }) =>
          attempts.map((attempt) => (seed === 3 ? faultOf(seed, attempt) : episode(seed, attempt))),
        close: async () => {},
      }),
    })
    const { episodes, by } = await hand(server, 12, {
      async playHere(problem, signal, onEpisode) {
        if (problem.seed !== 3) await pause(200, undefined, { signal })
        for (const played of episodesOf(problem)) {
          onEpisode(problem.seed === 3 ? faultOf(3, played.attempt) : played)
        }
      },
    })
    const faults = [...episodes.values()].filter(({ outcome }) => outcome === 'fault')
    expect(faults.map(({ seed, attempt }) => [seed, attempt])).toEqual([
      [3, 0],
      [3, 1],
    ])
    expect(by.get('3 0')).toBe('here')
  })

  test('a problem that others have tried three times, while it waited to be played alone, is not played', async () => {
    const play = { ...playOf(), share: 1 }
    const queue = new Queue(queueName(play), { connection: server.options, prefix: 'lab' })
    const begun: number[] = []
    const first = Promise.withResolvers<void>()
    await server.redis.hset(triesKey(server, play), 'press-2', TRIES - 1)
    const consumer = consumeProblems(server, play, {
      slots: 2,
      async play({ seed }) {
        begun.push(seed)
        if (seed === 1) await first.promise
        return null
      },
      onBroken: (error) => expect.unreachable(String(error)),
      onServerError: (error) => expect.unreachable(String(error)),
      removes: false,
      patience: QUICK,
    })
    try {
      for (const seed of [1, 2]) {
        const data = { task: 'press', seed, attempts: [0] }
        await queue.add('problem', data, { jobId: `press-${seed}`, attempts: 1 })
      }
      await expect.poll(() => queue.getActiveCount(), { timeout: 15_000 }).toBe(2)
      await server.redis.hincrby(triesKey(server, play), 'press-2', 1)
      first.resolve()
      await expect.poll(() => queue.getFailedCount(), { timeout: 15_000 }).toBe(1)
      expect(begun).toEqual([1])
    } finally {
      await consumer.close(true)
      await queue.close()
    }
  })

  test('attempts that nobody asked for are dropped', async () => {
    startWorker({
      open: async () => ({
        play: async ({ seed, attempts }) =>
          [...attempts, 7].flatMap((attempt) => [
            { ...episode(seed, attempt) },
            // The same once more, and one of another problem.
            { ...episode(seed, attempt), instruction: 'again' },
            { ...episode(seed + 1000, attempt) },
          ]),
        close: async () => {},
      }),
    })
    const { episodes, times } = await hand(server, 20)
    expect([episodes.size, times]).toEqual([40, 40])
    expect([...episodes.values()].every(({ instruction }) => instruction !== 'again')).toBe(true)
  })

  test('jobs that others put into the queue by hand are dropped', async () => {
    const tasks = new Set<string>()
    const helped = Promise.withResolvers<void>()
    startWorker({
      open: async () => ({
        async play(problem) {
          tasks.add(problem.task)
          helped.resolve()
          return episodesOf(problem)
        },
        close: async () => {},
      }),
    })
    const queue = new Queue(queueName(playOf()), { connection: server.options, prefix: 'lab' })
    const garbage = [
      null,
      'x',
      { task: '../../etc', seed: 0, attempts: [0] },
      { task: 'press', seed: -1, attempts: [] },
    ]
    const strange = [
      { task: 'press', seed: 5_000, attempts: [0] },
      { task: 'press', seed: 0, attempts: Array.from({ length: 10_000 }, (_, attempt) => attempt) },
      // Not one of this play's tasks, so it is not known whether its pages are the same.
      { task: 'other', seed: 0, attempts: [0] },
    ]
    const played: Problem[] = []
    let isPut = false
    const { episodes, times } = await hand(server, 40, {
      async playHere(problem, _signal, onEpisode) {
        if (!isPut) {
          isPut = true
          const jobs = [...garbage, ...strange].map((data, at) => queue.add('problem', data, { jobId: `x-${at}` }))
          await Promise.all(jobs)
          // Otherwise the lab can be through before the worker has begun.
          await helped.promise
        }
        played.push(problem)
        for (const episode of episodesOf(problem)) onEpisode(episode)
      },
    })
    await queue.close()
    expect([episodes.size, times]).toEqual([80, 80])
    expect([...episodes.keys()]).not.toContain('5000 0')
    expect(tasks).toEqual(new Set(['press']))
    // The lab plays what it wants to know, and no more.
    expect(played.every(({ task, seed, attempts }) => task === 'press' && seed < 40 && attempts.length <= 2)).toBe(true)
  })

  test('a problem that ends while the lab looks whether the server still has it is not handed out again', async () => {
    const { redis: client } = server
    const settings = settingsKey(server, playOf())
    const looks = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const hset = client.hset.bind(client) as (...values: unknown[]) => Promise<number>
    let times = 0
    client.hset = (async (...values: unknown[]) => {
      if (values[0] === settings && times++ > 0) {
        looks.resolve()
        await ended.promise
      }
      return hset(...values)
    }) as typeof client.hset
    const { said, by } = await hand(server, 2, {
      async playHere(problem, _signal, onEpisode) {
        await looks.promise
        for (const episode of episodesOf(problem)) onEpisode(episode)
        ended.resolve()
      },
    })
    expect(by.size).toBe(4)
    expect(said).toEqual([])
  })

  test.each([
    ['a token that the model does not have', (step: Step): unknown => ({ ...step, tokens: [1, VOCABULARY] })],
    ['a picture that is none', (step: Step): unknown => ({ ...step, shot: { picture: 'PHN2Zy8+', box: null } })],
    ['a number that is none', (step: Step): unknown => ({ ...step, logprob: Number.NaN })],
    ['a key that nobody knows', (step: Step): unknown => ({ ...step, run: 2 })],
  ])('a result with %s is played again', async (_, change) => {
    const liar = new Worker(
      queueName(playOf()),
      async ({ data }) => ({
        machine: THERE.machine,
        episodes: episodesOf(data as Problem).map((episode) => ({
          ...episode,
          instruction: 'a lie',
          steps: episode.steps.map(change),
        })),
      }),
      { connection: server.options, prefix: 'lab', concurrency: 2 },
    )
    let lies = 0
    liar.on('completed', () => lies++)
    try {
      const { episodes, times } = await hand(server, 6, {
        async playHere(problem, signal, onEpisode) {
          while (lies < 2) await pause(20, undefined, { signal })
          // No problem is set aside after three tries of the liar.
          await liar.pause(true)
          for (const episode of episodesOf(problem)) onEpisode(episode)
        },
      })
      expect([episodes.size, times]).toEqual([12, 12])
      expect([...episodes.values()].filter(({ instruction }) => instruction === 'a lie')).toEqual([])
    } finally {
      await liar.close(true)
    }
  })

  test('a result with a text that is too long is none', () => {
    const result = (thought: string) => {
      const [played] = episodesOf({ task: 'press', seed: 0, attempts: [0] })
      const steps = played!.steps.map((step) => ({ ...step, thought }))
      return JSON.stringify({ machine: HERE, episodes: [{ ...played, steps }] })
    }
    expect(read(resultSchema, result('x'.repeat(1_000)))).toBeDefined()
    expect(read(resultSchema, result('x'.repeat(4_000_001)))).toBeUndefined()
  })

  test('two labs that resume copies of one run get all of it, each attempt once', async () => {
    startWorker()
    const other = await connectServer(redis.address, 'lab')
    try {
      const both = await Promise.all([hand(server, 10), hand(other, 10)])
      for (const { by, times } of both) expect([by.size, times]).toEqual([20, 20])
    } finally {
      other.close()
    }
  })

  test('two labs with one prefix share a worker, and each gets its own', async () => {
    startWorker()
    const play = playOf({ run: 2 })
    const [one, two] = await Promise.all([hand(server, 20), hand(server, 30, { play })])
    expect([one.times, two.times]).toEqual([40, 60])
    expect(new Set([...one.by.values(), ...two.by.values()])).toEqual(new Set(['here', 'there']))
  })

  test('a lab of a version that writes other notices is told', async () => {
    const id = 'c'.repeat(32)
    const later = { ...playOf(), id, share: 1, requirements: { ...REQUIREMENTS, version: '2' }, curriculum: 'new' }
    await postPlay(server, later)
    const events = startWorker()
    const why = /^here plays with version 2 of the lab, which this one, 1, does not understand/
    await expect
      .poll(async () => (await workers(server))[0]?.refuses.map(english), { timeout: 15_000 })
      .toEqual([expect.stringMatching(why)])
    expect(events.filter(({ event }) => event === 'strange').length).toBe(1)
    await server.redis.del(`lab:plays:${id}`)
    await expect.poll(async () => (await workers(server))[0]?.refuses, { timeout: 15_000 }).toEqual([])
  })

  test('a problem that nobody can play ends the run with its sentence', async () => {
    startWorker({
      open: async () => ({
        async play() {
          throw new UserError('pageTooLong', { task: 'press', seed: 1, step: 1, why: 'too long' })
        },
        close: async () => {},
      }),
    })
    await expect(hand(server, 40)).rejects.toThrow(/press/)
  })

  test('a worker whose engine breaks stops, and others play what it had', async () => {
    const broken = work({
      ...THERE,
      server,
      signal: stop.signal,
      hear() {},
      open: async () => ({
        async play() {
          throw new Error('the engine broke')
        },
        close: async () => {},
      }),
    })
    const ended = expect(broken).rejects.toThrow('the engine broke')
    const { by } = await hand(server, 8)
    expect(new Set(by.values())).toEqual(new Set(['here']))
    await ended
  })

  test('what this machine cannot play ends the run', async () => {
    const playHere = () => Promise.reject(new Error('no model'))
    await expect(hand(server, 3, { playHere })).rejects.toThrow('no model')
  })

  test('a stop ends what is played, and leaves nothing on the server', async () => {
    const lab = new AbortController()
    let ended = false
    const run = hand(server, 3, {
      signal: lab.signal,
      async playHere(_, signal) {
        await pause(60_000, undefined, { signal }).catch(() => {})
        ended = true
        signal.throwIfAborted()
      },
    })
    const stopped = expect(run).rejects.toThrow('enough')
    await pause(300)
    lab.abort(new Error('enough'))
    await stopped
    expect(ended).toBe(true)
    expect(await staying()).toEqual([])
  })

  test('what others write on the board is passed over', async () => {
    const id = 'f'.repeat(32)
    await server.redis.sadd('lab:plays', id, 'e'.repeat(32), '../x')
    await server.redis.set(`lab:plays:${id}`, '['.repeat(100_000))
    await server.redis.set(`lab:plays:${'e'.repeat(32)}`, JSON.stringify({ ...playOf(), share: 1 }))
    await server.redis.set('lab:workers:x', `"${'x'.repeat(2 << 20)}"`)
    await server.redis.sadd('lab:workers', 'x')
    const events = startWorker()
    await postPlay(server, { ...playOf(), share: 1 })
    await expect.poll(() => events.map(({ event }) => event), { timeout: 15_000 }).toEqual(['begins'])
    expect((await workers(server)).every(({ machine }) => machine.name === 'there')).toBe(true)
  })

  test('a server that does not answer, or wants a password, is told', async () => {
    await expect(connectServer('redis://127.0.0.1:1', 'lab')).rejects.toThrow(
      /The queue at redis:\/\/127.0.0.1:1 does not answer/,
    )
    const locked = await startRedis('--requirepass', 'secret')
    try {
      await expect(connectServer(locked.address, 'lab')).rejects.toThrow(/wants a password.*DPO_DRIVER_QUEUE_PASSWORD/)
      process.env.DPO_DRIVER_QUEUE_PASSWORD = 'secret'
      const open = await connectServer(locked.address, 'lab')
      const { by } = await hand(open, 2, { machine: HERE })
      expect(by.size).toBe(4)
      open.close()
    } finally {
      delete process.env.DPO_DRIVER_QUEUE_PASSWORD
      await locked.close()
    }
  })
})

function faultOf(seed: number, attempt: number): Episode {
  const played = { task: 'press', seed, attempt, instruction: '', steps: [], duration: 1, reward: 0 }
  return { ...played, outcome: 'fault', fault: message('problemSetAside', { tries: 3 }) }
}

function episode(seed: number, attempt: number) {
  const played = { task: 'press', seed, attempt, instruction: 'press', steps: [], duration: 1 }
  return { ...played, outcome: 'success', reward: 1 } as const
}
