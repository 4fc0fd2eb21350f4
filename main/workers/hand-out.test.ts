import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasRedisServer, type RedisServer, startRedis } from '../../testing/redis-server.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { Episode } from '../store/episode.ts'
import type { Machine } from '../store/episodes.ts'
import type { Grounds, Play, Problem } from './form.ts'
import { type HandOut, handOut, playId } from './hand-out.ts'
import { connectServer, type Server } from './server.ts'
import type { Patience } from './take.ts'
import { type WorkerEvent, type WorkerOptions, work } from './worker.ts'

const QUICK: Patience = { lock: 1_000, look: 500 }
const HASH = '0'.repeat(64)
const GROUNDS: Grounds = { version: '1', code: HASH, prompt: 'compact 1', base: { name: 'base', fingerprint: 'f' } }
const here: Machine = { name: 'here', engine: message('threads', { count: 1 }), kind: 'native' }
const there: Machine = { ...here, name: 'there' }

let redis: RedisServer
let opened: Server[]
let stops: AbortController[]
let workers: Promise<unknown>[]

beforeEach(async () => {
  redis = await startRedis()
  opened = []
  stops = []
  workers = []
})
afterEach(async () => {
  for (const stop of stops) stop.abort()
  await Promise.allSettled(workers)
  for (const server of opened) server.close()
  await redis.close()
})

async function connected(): Promise<Server> {
  const server = await connectServer(redis.address, 'lab')
  opened.push(server)
  return server
}

function playOf(more: Partial<Play> = {}): Omit<Play, 'share'> {
  return {
    id: playId('test', JSON.stringify(more)),
    ...{ lab: 'here', run: 1, stage: 'collect', round: 1, arm: '' },
    grounds: GROUNDS,
    policy: null,
    kind: null,
    sampling: { temperature: 1, top_p: 1, max_new_tokens: 9, seed: 1, constrained: false },
    environment: {
      episodeTimeLimit: 1000,
      trusted: true,
      budget: { elements: 10, characters: 100 },
      pictures: false,
    },
    pages: { press: HASH },
    ...more,
  }
}

const problems = (count: number): Problem[] =>
  Array.from({ length: count }, (_, seed) => ({ task: 'press', seed, attempts: [0, 1] }))

/** The episode of an attempt; its reward tells the attempt. */
function episodeOf(seed: number, attempt: number): Episode {
  const step = { page: 'p', prompt: 'q', completion: 'c', tokens: [1, 2], logprob: -1, thought: 't', action: 'a' }
  return { task: 'press', seed, attempt, instruction: 'i', steps: [step], duration: 1, outcome: 'success', reward: 1 }
}

const episodesOf = ({ seed, attempts }: Problem) => attempts.map((attempt) => episodeOf(seed, attempt))

/** Starts a worker. */
async function startWorker(
  options: Partial<WorkerOptions> = {},
): Promise<{ events: WorkerEvent[]; stop: AbortController; done: Promise<void> }> {
  const stop = new AbortController()
  stops.push(stop)
  const events: WorkerEvent[] = []
  const done = work({
    server: await connected(),
    machine: there,
    grounds: GROUNDS,
    pagesOf: () => new Map([['press', HASH]]),
    pages: 1,
    slots: 4,
    open: async () => ({ play: async (problem) => episodesOf(problem), close: async () => {} }),
    signal: stop.signal,
    hear: (event) => events.push(event),
    patience: QUICK,
    ...options,
  })
  workers.push(done)
  return { events, stop, done }
}

interface Handed {
  readonly got: Map<string, string>
  readonly times: number
  readonly said: string[]
}

/** Hands problems out. This machine is slow by default, so that workers have to play. */
async function hand(count: number, options: Partial<HandOut> = {}): Promise<Handed> {
  const got = new Map<string, string>()
  const said: string[] = []
  let times = 0
  await handOut({
    server: await connected(),
    play: playOf(),
    adapter: null,
    problems: problems(count),
    machine: here,
    pages: 1,
    slots: 1,
    async playHere(problem, signal, onEpisode) {
      await pause(400, undefined, { signal })
      await playHere(problem, signal, onEpisode)
    },
    onEpisode({ seed, attempt }, machine) {
      times++
      got.set(`${seed} ${attempt}`, machine.name)
    },
    say: (id, ...given) => void said.push(english(message(id, ...given))),
    signal: new AbortController().signal,
    patience: QUICK,
    ...options,
  })
  return { got, times, said }
}

const playHere: HandOut['playHere'] = async (problem, _signal, onEpisode) => {
  for (const episode of episodesOf(problem)) onEpisode(episode)
}

describe.skipIf(!hasRedisServer())('problems from a queue', () => {
  test('the lab alone plays all of them', async () => {
    const { got, times } = await hand(50, { playHere })
    expect(got.size).toBe(100)
    expect(times).toBe(100)
    expect(new Set(got.values())).toEqual(new Set(['here']))
  })

  test('a worker plays along, and nothing stays on the server', async () => {
    const { events } = await startWorker()
    const { got, times } = await hand(60)
    expect(got.size).toBe(120)
    expect(times).toBe(120)
    expect([...got.values()].filter((name) => name === 'there').length).toBeGreaterThan(110)
    await expect.poll(() => events.map(({ event }) => event), { timeout: 15_000 }).toEqual(['begins', 'ends'])
    const { redis: client } = opened[0]!
    const left = (await client.keys('*')).filter((key) => !key.startsWith('lab:workers'))
    expect(left).toEqual([])
  })
})
