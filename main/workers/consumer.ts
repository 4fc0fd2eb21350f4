/**
 * Takes problems from a queue and has them played: a worker does so, and the lab itself. BullMQ gives each problem to one consumer
 * at a time, and to another where that one is gone. So a problem may be played twice; whoever counts results drops the second.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'bullmq'
import { type Play, type Problem, problemSchema } from './protocol.ts'
import type { Server } from './server.ts'
import { SharedLock } from './shared-lock.ts'

/** How often a problem may end a worker, or break it. Then nobody plays it any more. */
export const TRIES = 3
/** How long the tries at a problem are remembered, in seconds. */
const REMEMBERED = 7 * 86_400

/** How long a consumer waits until it asks the server again, in milliseconds. */
const AGAIN = 500

/** How long the server gets to hear that a consumer is gone, in milliseconds. */
const GOODBYE = 3_000

/** How soon a consumer that is gone is noticed, in milliseconds. */
export interface Patience {
  /** How long a consumer may be silent. */
  readonly lock: number
  /** How often everybody looks for silent ones. */
  readonly look: number
}

export const PATIENCE: Patience = { lock: 30_000, look: 15_000 }

export interface ConsumeOptions {
  /** How many problems are played at a time. */
  readonly slots: number
  /** Plays a problem and returns what to leave for the lab as JSON; null leaves nothing. */
  readonly play: (problem: Problem, signal: AbortSignal) => Promise<unknown>
  /** Hears of an error of `play`, which the problem need not have caused, and of the server being away. */
  readonly onBroken: (error: unknown) => void
  readonly onServerError: (error: unknown) => void
  /** Whether finished problems are removed at once, because nobody fetches what they left. */
  readonly removes: boolean
  readonly patience?: Patience
}

export interface Consumer {
  /** How many problems are played at a time. */
  slots: number
  /** Takes no more. What is being played is waited for, or with `force` ended and left to others. */
  close(force: boolean): Promise<void>
}

/** How many problems a machine plays at a time, so that all machines have some to the end. Its pages always have one each. */
export function slotsFor({ pages, slots }: { readonly pages: number; readonly slots: number }, share: number): number {
  return Math.max(pages, Math.min(slots, share))
}

/** BullMQ's name of a play's queue. */
export function queueName({ id }: Pick<Play, 'id'>): string {
  return `problems-${id}`
}

/** BullMQ's settings of a play's queue: a hash. */
export function settingsKey(server: Server, play: Pick<Play, 'id'>): string {
  return server.key(queueName(play), 'meta')
}

/** How often each problem of a play was begun and not ended: a hash by the ids of jobs. */
export function triesKey(server: Server, { id }: Pick<Play, 'id'>): string {
  return server.key('tries', id)
}

/** Nobody plays the problem any more. */
class SetAside extends Error {}

/**
 * Whether BullMQ says with this error that a problem is no longer this consumer's: another has it, after this one was silent or its
 * clock was set back, or the lab has cleared the queue. BullMQ numbers such refusals; what it says while it renews has no number.
 */
function isTakenOver(error: Error & { readonly code?: unknown }): boolean {
  return typeof error.code === 'number' || error.message.startsWith('could not renew lock')
}

export function consumeProblems(server: Server, play: Play, options: ConsumeOptions): Consumer {
  const { redis, options: connection, prefix } = server
  const tries = triesKey(server, play)
  const sharedLock = new SharedLock()
  const { lock, look } = options.patience ?? PATIENCE
  const stopping = new AbortController()
  const playing = new Set<Promise<unknown>>()

  /** What the server answers, when it does: a full memory is no fault of the problem. */
  const ask = async <T>(signal: AbortSignal, question: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await question()
      } catch (error) {
        signal.throwIfAborted()
        options.onServerError(error)
        await pause(AGAIN, undefined, { signal })
      }
    }
  }

  const work = async (id: string, data: unknown, signal: AbortSignal): Promise<unknown> => {
    const problem = problemSchema.parse(data)
    // Whoever reaches the server can write there.
    if (!Object.hasOwn(play.pages, problem.task)) throw new Error(`${problem.task} is no task of this play`)
    const before = Number(await ask(signal, () => redis.hget(tries, id)))
    if (before >= TRIES) throw new SetAside()
    // What has ended two workers may do so again. It must not take the problems beside it along.
    await sharedLock.acquire(before >= TRIES - 1)
    try {
      signal.throwIfAborted()
      const begun = await ask(signal, () => redis.hincrby(tries, id, 1))
      // Others may have had it while this one waited for its turn.
      if (begun > TRIES) throw new SetAside()
      void redis.expire(tries, REMEMBERED).catch(() => {})
      const played = options.play(problem, signal)
      playing.add(played)
      const left = await played.finally(() => playing.delete(played))
      await ask(signal, () => redis.hdel(tries, id))
      return left
    } catch (error) {
      if (signal.aborted) void redis.hincrby(tries, id, -1).catch(() => {})
      else if (!(error instanceof SetAside)) options.onBroken(error)
      throw error
    } finally {
      sharedLock.release()
    }
  }

  const worker = new Worker(
    queueName(play),
    // BullMQ passes a signal only to functions of three parameters.
    (job, _token, signal) =>
      work(job.id ?? '', job.data, AbortSignal.any([stopping.signal, signal ?? stopping.signal])),
    {
      connection,
      prefix,
      concurrency: options.slots,
      lockDuration: lock,
      stalledInterval: look,
      // `tries` counts instead: here a problem would also count that was only waiting in a worker that another one ended.
      maxStalledCount: 1_000_000,
      drainDelay: 2,
      ...(options.removes ? { removeOnComplete: { count: 0 } } : {}),
    },
  )
  worker.on('error', (error) => {
    if (!isTakenOver(error)) options.onServerError(error)
  })
  worker.on('lockRenewalFailed', (ids) => {
    // Another has taken them over.
    for (const id of ids) worker.cancelJob(id)
  })
  return {
    get slots() {
      return worker.concurrency
    },
    set slots(slots) {
      if (slots !== worker.concurrency) worker.concurrency = slots
    },
    async close(force) {
      if (force) stopping.abort()
      // With `force` BullMQ does not wait for them, but pages and model have to be free again.
      await Promise.allSettled(playing)
      const closed = worker.close(force).catch(options.onServerError)
      // Without a server there is nobody to say goodbye to.
      await (force ? Promise.race([closed, pause(GOODBYE, undefined, { ref: false })]) : closed)
    },
  }
}
