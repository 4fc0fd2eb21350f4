/** The connection to the queue's server: Redis or Valkey. */
import type { RedisOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { UserError } from '../messages/error.ts'
import { reasonOf } from '../messages/reason.ts'

/** The user and password of the server. They come from the environment, so that no run, export or process list has them. */
const USER = 'DPO_DRIVER_QUEUE_USER'
const PASSWORD = 'DPO_DRIVER_QUEUE_PASSWORD'

/** Most time until a server answers at the start, and between a command and its answer, in milliseconds. */
const LIMITS = { start: 10_000, answer: 30_000 }

export interface Server {
  /** For messages: without a password. */
  readonly address: string
  /** Stands before every key of this lab. */
  readonly prefix: string
  readonly redis: Redis
  /** How BullMQ connects. */
  readonly options: RedisOptions
  /** The lab's own key of this name. */
  key(...names: string[]): string
  close(): void
}

/** Connects to a server. Throws UserError where it cannot be reached, or does not let the lab in. */
export async function connectServer(address: string, prefix: string): Promise<Server> {
  const options = connectionOf(address)
  // So that the first failure to connect is told, and not after a time limit.
  const redis = new Redis({ ...options, lazyConnect: true })
  let why: unknown
  redis.on('error', (error) => {
    why = error
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(why ?? new Error('no answer')), LIMITS.start)
  })
  try {
    await Promise.race([redis.connect().then(() => redis.ping()), late])
  } catch (error) {
    redis.disconnect()
    throw new UserError('queueUnreachable', { address, why: serverReason(why ?? error) })
  } finally {
    clearTimeout(timer)
  }
  return {
    address,
    prefix,
    redis,
    options,
    key: (...names) => [prefix, ...names].join(':'),
    close: () => redis.disconnect(),
  }
}

/** What is wrong with a server's answer, in a line. */
export function serverReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  return code ?? reasonOf(error)
}

function connectionOf(address: string): RedisOptions & { readonly maxRetriesPerRequest: null } {
  const url = new URL(address)
  const { [USER]: username, [PASSWORD]: password } = process.env
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(url.protocol === 'rediss:' ? { tls: { servername: url.hostname } } : {}),
    // Commands wait while the server is away.
    maxRetriesPerRequest: null,
    connectTimeout: LIMITS.start,
    // A cut cable does not tell, so an answer that does not come counts as a lost connection.
    socketTimeout: LIMITS.answer,
    retryStrategy: (times: number) => Math.min(2_000, 100 * times),
  }
}
