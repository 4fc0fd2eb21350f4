/** The connection to the queue's server: Redis or Valkey. */
import { isIP } from 'node:net'
import type { RedisOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { UserError } from '../messages/error.ts'
import { reasonOf } from '../messages/reason.ts'

/** The user and password of the server. They come from the environment, so that no run, export or process list has them. */
const USER = 'DPO_DRIVER_QUEUE_USER'
const PASSWORD = 'DPO_DRIVER_QUEUE_PASSWORD'

/** Most time until a server answers at the start, and between a command and its answer, in milliseconds. */
const LIMITS = { start: 10_000, answer: 30_000 }

/** BullMQ needs a Redis of this version; every Valkey has what it needs. */
const LEAST_REDIS = [6, 2] as const

/** What the server says of itself. */
export interface About {
  readonly name: 'Redis' | 'Valkey'
  readonly version: string
  /** Whether it still has all after a restart. */
  readonly keeps: boolean
}

export interface Server {
  /** For messages: without a password. */
  readonly address: string
  /** Stands before every key of this lab. */
  readonly prefix: string
  readonly redis: Redis
  readonly about: About
  /** How BullMQ connects. */
  readonly options: RedisOptions
  /** The lab's own key of this name. */
  key(...names: string[]): string
  close(): void
}

/** Connects to a server. Throws UserError where it cannot be reached, does not let the lab in, is too old, or forgets what it was given. */
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
    const silent = new UserError('queueSilent', { address, seconds: LIMITS.start / 1000 })
    timer = setTimeout(() => reject(why ?? silent), LIMITS.start)
  })
  let about: About
  try {
    const info = await Promise.race([redis.connect().then(() => redis.info()), late])
    about = aboutOf(info, address)
    // ioredis does not tell that a server has no such database, and goes on in the first.
    if (options.db > 0) await Promise.race([redis.select(options.db), late])
    await Promise.race([tryToWrite(redis, [prefix, 'hello'].join(':')), late])
  } catch (error) {
    redis.disconnect()
    throw refusal(why ?? error, address, options.db)
  } finally {
    clearTimeout(timer)
  }
  return {
    address,
    prefix,
    redis,
    about,
    options,
    key: (...names) => [prefix, ...names].join(':'),
    close: () => redis.disconnect(),
  }
}

/** What is wrong with a server's answer, in a line. */
export function serverReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  return code ?? reasonOf(error).replace(/\.+$/, '')
}

/** Why a server cannot be used, and what to do. */
function refusal(error: unknown, address: string, database: number): UserError {
  if (error instanceof UserError) return error
  const why = serverReason(error)
  if (/^NOAUTH/.test(why)) return new UserError('queueWantsPassword', { address })
  if (/^WRONGPASS/.test(why)) return new UserError('queueWrongPassword', { address })
  if (/DB index/.test(why)) return new UserError('queueNoDatabase', { address, database })
  // Codes of OpenSSL and of Node for a certificate that is not trusted, is for another name, or is not valid now.
  if (/CERT|^UNABLE_TO_/.test(why)) return new UserError('queueUntrusted', { address, why })
  const isRefusal = error instanceof Error && error.name === 'ReplyError'
  return new UserError(isRefusal ? 'queueRefuses' : 'queueUnreachable', { address, why })
}

/** Throws where this user may not write there, or nobody can: a replica. A full memory may pass. */
async function tryToWrite(redis: Redis, key: string): Promise<void> {
  try {
    await redis.set(key, '', 'PX', 1_000)
  } catch (error) {
    if (!reasonOf(error).startsWith('OOM')) throw error
  }
}

/** Reads the answer to INFO. Throws UserError where the server is too old, or removes keys when its memory is full. */
function aboutOf(info: string, address: string): About {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const valkey = field('valkey_version')
  const version = valkey ?? field('redis_version') ?? '?'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [least, than] = LEAST_REDIS
  if (valkey === undefined && !(major > least || (major === least && minor >= than))) {
    throw new UserError('queueTooOld', { address, version, least: LEAST_REDIS.join('.') })
  }
  const policy = field('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction' && field('maxmemory') !== '0') throw new UserError('queueForgets', { address, policy })
  return { name: valkey === undefined ? 'Redis' : 'Valkey', version, keeps: field('aof_enabled') === '1' }
}

function connectionOf(address: string): RedisOptions & { readonly db: number; readonly maxRetriesPerRequest: null } {
  const url = new URL(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const { [USER]: username, [PASSWORD]: password } = process.env
  return {
    host,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    // A name is told to the server; an address must not be (RFC 6066).
    ...(url.protocol === 'rediss:' ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
    // Commands wait while the server is away.
    maxRetriesPerRequest: null,
    connectTimeout: LIMITS.start,
    // A cut cable does not tell, so an answer that does not come counts as a lost connection.
    socketTimeout: LIMITS.answer,
    retryStrategy: (times: number) => Math.min(2_000, 100 * times),
  }
}
