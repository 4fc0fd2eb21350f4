/**
 * The lab's side: hands the problems of an arm out through a queue, plays along, and takes in what workers made of them. It
 * keeps a problem until its episodes are stored, so whatever the server forgets is handed out again.
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { UserError } from '../messages/error.ts'
import { message, type Say } from '../messages/message.ts'
import type { Episode } from '../store/episode.ts'
import type { Machine } from '../store/episodes.ts'
import {
  type Consumer,
  consumeProblems,
  type Patience,
  queueName,
  settingsKey,
  slotsFor,
  TRIES,
  triesKey,
} from './consumer.ts'
import { offerPolicy } from './policies.ts'
import { NOTICE, postPlay, takeDownPlay, workers } from './presence.ts'
import { type Play, type Problem, RESULT_BYTES, type Result, read, resultSchema } from './protocol.ts'
import { type Server, serverReason } from './server.ts'

/** How long the lab waits before it looks for results again, in milliseconds. */
const LOOKS = 50
/** How often it makes sure that the server has all that it should have, in milliseconds. */
const RENEWS = NOTICE.renewed
/** The events that BullMQ keeps. They carry whole results, and nobody listens to them. */
const EVENTS = 10
/** Results that are taken in one go. */
const BATCH = 20
/** How many problems are on the server beyond those that are being played: a bound on its memory. */
const AHEAD = { least: 32, most: 5_000 }
/** How long the server gets to hear that a play is over, in milliseconds. */
const GOODBYE = 3_000

export interface DistributeOptions {
  readonly server: Server
  /** What all problems have in common. */
  readonly play: Omit<Play, 'share'>
  /** The adapter's folder; null where the base model plays alone. */
  readonly adapter: string | null
  readonly problems: readonly Problem[]
  /** This machine, its pages, and how many problems it plays at a time at most. */
  readonly machine: Machine
  readonly pages: number
  readonly slots: number
  /** How many tokens the model has. */
  readonly vocabulary: number
  /** Plays a problem here. Its episodes go to `onEpisode` as they end. */
  readonly playHere: (problem: Problem, signal: AbortSignal, onEpisode: (episode: Episode) => void) => Promise<void>
  /** Called with each episode that ends, once. */
  readonly onEpisode: (episode: Episode, machine: Machine) => void
  readonly say: Say
  readonly signal: AbortSignal
  readonly patience?: Patience
}

/** A name of a play that is the same after a kill, and another for every other play of any lab. */
export function playId(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/**
 * Plays all problems, with whoever is there. Throws the signal's reason, the errors of `playHere`, and a UserError where a
 * worker found a problem that nobody can play. What has ended or broken three consumers becomes a fault.
 */
export async function distribute(options: DistributeOptions): Promise<void> {
  const { server, play, signal, problems } = options
  if (problems.length === 0) return
  const state = new Distribution(options)
  const stop = () => state.fail(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    await state.work()
    void server.redis.del(triesKey(server, play)).catch(() => {})
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

class Distribution {
  readonly #options: DistributeOptions
  /** What has no episodes yet, by the job's id: all problems, and those of them that were handed out. */
  readonly #left: Map<string, { readonly problem: Problem; readonly attempts: Set<number> }>
  readonly #out = new Set<string>()
  /** Those that a worker's browser could not play: this machine finds out whether the problem or the worker was at fault. */
  readonly #own = new Set<string>()
  #playingOwn = Promise.resolve()
  readonly #stop = new AbortController()
  /** How often a problem came back without episodes. */
  readonly #returned = new Map<string, number>()
  readonly #end = Promise.withResolvers<void>()
  #isOver = false
  #isAway = false
  #ahead = AHEAD.least
  #renewed = Number.NEGATIVE_INFINITY

  constructor(options: DistributeOptions) {
    this.#options = options
    this.#left = new Map(
      options.problems.map((problem) => [jobId(problem), { problem, attempts: new Set(problem.attempts) }]),
    )
    this.#end.promise.catch(() => {})
  }

  async work(): Promise<void> {
    const { server, play, slots, patience } = this.#options
    const before = this.#queue()
    try {
      await Promise.race([this.#untilAnswered(() => this.#begin(before)), this.#end.promise])
    } finally {
      void before.disconnect().catch(() => {})
    }
    if (this.#isOver) return
    // BullMQ writes a queue's settings when it opens one, and they went with the rest.
    const queue = this.#queue()
    const consumer = consumeProblems(
      server,
      { ...play, share: 1 },
      {
        slots,
        play: async (problem, signal) => {
          await this.#playLeft(jobId(problem), signal)
          return null
        },
        onBroken: (error) => this.fail(error),
        onServerError: (error) => this.#serverFailed(error),
        removes: true,
        ...(patience === undefined ? {} : { patience }),
      },
    )
    const exchange = this.#exchange(queue, consumer)
    try {
      await this.#end.promise
    } finally {
      // Whatever is still played here was played elsewhere as well.
      this.#stop.abort()
      await Promise.all([consumer.close(true), this.#playingOwn])
      const gone = exchange.then(() => Promise.all([queue.obliterate({ force: true }), takeDownPlay(server, play.id)]))
      await Promise.race([gone.catch(() => {}), pause(GOODBYE, undefined, { ref: false })])
      void queue.disconnect().catch(() => {})
    }
  }

  #queue(): Queue {
    const { server, play } = this.#options
    const queue = new Queue(queueName(play), {
      connection: server.options,
      prefix: server.prefix,
      streams: { events: { maxLen: EVENTS } },
      defaultJobOptions: { attempts: 1 },
    })
    queue.on('error', (error) => this.#serverFailed(error))
    return queue
  }

  fail(error: unknown): void {
    this.#isOver = true
    this.#end.reject(error)
  }

  /** The server is away, full or does not let the lab in. That may pass. */
  #serverFailed(error: unknown): void {
    if (this.#isAway || this.#isOver) return
    this.#isAway = true
    this.#options.say('queueAway', { address: this.#options.server.address, why: serverReason(error) })
  }

  /** Takes in what was finished for this play before the lab was killed, and forgets the rest: it is handed out anew. */
  async #begin(queue: Queue): Promise<void> {
    while (!this.#isOver && (await this.#takeIn(queue)) > 0) {}
    await queue.obliterate({ force: true })
  }

  /** Hands out and takes in, until all is over. */
  async #exchange(queue: Queue, consumer: Consumer): Promise<void> {
    while (!this.#isOver) {
      const count = await this.#untilAnswered(async () => {
        const isLate = performance.now() - this.#renewed > RENEWS
        if (isLate) await this.#renew(consumer)
        await this.#feed(queue, isLate)
        return this.#takeIn(queue)
      })
      if (count === 0 && !this.#isOver) await pause(LOOKS)
    }
  }

  /** Does something on the server, again and again while that does not answer or refuses it. */
  async #untilAnswered<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.#isOver) {
      try {
        const done = await work()
        if (this.#isAway) this.#options.say('queueBack')
        this.#isAway = false
        return done
      } catch (error) {
        if (error instanceof UserError) this.fail(error)
        else this.#serverFailed(error)
        await pause(20 * LOOKS)
      }
    }
    return undefined
  }

  /** Posts the play, offers the adapter, and counts who is there. */
  async #renew(consumer: Consumer): Promise<void> {
    const { server, play, adapter, pages, slots } = this.#options
    const others = await workers(server)
    const all = others.reduce((sum, worker) => sum + worker.slots, slots)
    this.#ahead = Math.min(AHEAD.most, AHEAD.least + 2 * all)
    const share = Math.max(1, Math.min(10_000, Math.ceil(this.#left.size / (2 * (1 + others.length)))))
    consumer.slots = slotsFor({ pages, slots }, share)
    if (adapter !== null && play.policy !== null) await offerPolicy(server, play.policy, adapter)
    await postPlay(server, { ...play, share })
    this.#renewed = performance.now()
  }

  /** Hands out as many problems as the server should have; `again` also those that it should have, in case it lost some. */
  async #feed(queue: Queue, again: boolean): Promise<void> {
    const { server, play } = this.#options
    // A server that restarted empty has BullMQ's own limit.
    if (again) await server.redis.hset(settingsKey(server, play), 'opts.maxLenEvents', EVENTS)
    const fresh: string[] = []
    if (this.#out.size < this.#ahead) {
      for (const id of this.#left.keys()) {
        if (this.#out.size + fresh.length >= this.#ahead) break
        if (!this.#out.has(id) && !this.#own.has(id)) fresh.push(id)
      }
    }
    const ids = again ? [...this.#out, ...fresh] : fresh
    if (ids.length === 0) return
    // A job that is there already stays as it is.
    await queue.addBulk(ids.map((id) => ({ name: 'problem', data: this.#left.get(id)!.problem, opts: { jobId: id } })))
    for (const id of fresh) this.#out.add(id)
  }

  /** Takes in finished problems and returns how many there were. */
  async #takeIn(queue: Queue): Promise<number> {
    const ids = await queue.getRanges(['completed', 'failed'], 0, BATCH - 1, true)
    await Promise.all(ids.map((id) => this.#take(queue, id)))
    return ids.length
  }

  async #take(queue: Queue, id: string): Promise<void> {
    const { redis } = this.#options.server
    const key = queue.toKey(id)
    const size = await redis.hstrlen(key, 'returnvalue')
    const text = size > RESULT_BYTES ? null : await redis.hget(key, 'returnvalue')
    const result = this.#possible(read(resultSchema, text))
    if (result !== undefined && 'impossible' in result) throw new UserError(result.impossible)
    const episodes = result?.episodes ?? []
    for (const episode of episodes) if (episode.outcome !== 'fault') this.#keep(episode, result!.machine)
    await queue.remove(id)
    if (!this.#left.has(id)) return
    if (episodes.some(({ outcome }) => outcome === 'fault')) this.#playOwn(id)
    else await this.#again(id)
  }

  /** A result, unless it has tokens that no model of this play can have said: training would stop at them. */
  #possible(result: Result | undefined): Result | undefined {
    if (result === undefined || 'impossible' in result) return result
    const { vocabulary } = this.#options
    const isPossible = result.episodes.every(({ steps }) =>
      steps.every(({ tokens }) => tokens.every((token) => token < vocabulary)),
    )
    return isPossible ? result : undefined
  }

  /** Plays here what is left of a problem; nothing where nobody wants it, or wants it no more. */
  async #playLeft(id: string, signal: AbortSignal): Promise<void> {
    const { playHere, machine } = this.#options
    const left = this.#left.get(id)
    if (left === undefined) return
    const problem = { ...left.problem, attempts: [...left.attempts] }
    await playHere(problem, signal, (episode) => this.#keep(episode, machine))
  }

  /** Plays here what is left of a problem, after the others like it. */
  #playOwn(id: string): void {
    if (this.#own.has(id)) return
    this.#own.add(id)
    this.#out.delete(id)
    this.#playingOwn = this.#playingOwn.then(async () => {
      if (this.#isOver) return
      await this.#playLeft(id, this.#stop.signal).catch((error) => {
        if (!this.#stop.signal.aborted) this.fail(error)
      })
    })
  }

  /** Hands a problem out again that a consumer did not play to its end, unless that has happened too often. */
  async #again(id: string): Promise<void> {
    const { server, play, say, machine } = this.#options
    this.#out.delete(id)
    const returned = (this.#returned.get(id) ?? 0) + 1
    this.#returned.set(id, returned)
    const begun = Number(await server.redis.hget(triesKey(server, play), id))
    const left = this.#left.get(id)
    if (Math.max(returned, begun) < TRIES || left === undefined || this.#own.has(id)) return
    const { task, seed } = left.problem
    const fault = message('problemSetAside', { tries: TRIES })
    say('setAside', { task, seed, tries: TRIES })
    for (const attempt of [...left.attempts]) {
      this.#keep(
        { task, seed, attempt, outcome: 'fault', fault, reward: 0, instruction: '', steps: [], duration: 0 },
        machine,
      )
    }
  }

  /** Counts an episode, if it is one that is wanted and has not come before. */
  #keep(episode: Episode, machine: Machine): void {
    const id = jobId(episode)
    const left = this.#left.get(id)
    if (this.#isOver || left === undefined || !left.attempts.delete(episode.attempt)) return
    try {
      this.#options.onEpisode(episode, machine)
    } catch (error) {
      this.fail(error)
      return
    }
    if (left.attempts.size > 0) return
    this.#left.delete(id)
    this.#out.delete(id)
    if (this.#left.size > 0) return
    this.#isOver = true
    this.#end.resolve()
  }
}

/** BullMQ refuses ids with a colon, and numbers. */
function jobId({ task, seed }: { readonly task: string; readonly seed: number }): string {
  return `${task}-${seed}`
}
