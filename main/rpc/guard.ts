/**
 * Decides who may use the lab: only a holder of this launch's token, and only from a page of the lab itself. The lab
 * trains, writes files and drives a browser, so a foreign page in the same browser must not reach it.
 *
 * - A foreign name that resolves to this machine (DNS rebinding) is in the Host header, and is refused.
 * - A form or a script of a foreign page is named by Origin or Sec-Fetch-Site, and is refused. Its request has no
 *   cookie either, because the cookie is SameSite=Strict.
 * - Other users of this machine lack the token, which is new at every launch. They can read the arguments of every
 *   program, and a browser keeps the addresses that it opened. So the lab opens a browser with a ticket instead of the
 *   token: it is in a file that only its owner can read, and it lets in once.
 * - A second token, where the lab was started with one, lets its holder look and download, and change nothing.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { type Message, message } from '../messages/message.ts'

export interface Refusal {
  readonly status: 401 | 403
  readonly message: Message
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host)
}

export interface Tokens {
  /** A token that stays the same at every launch; by default a new one. */
  readonly token?: string | undefined
  /** Whether there is a token for those who only look. */
  readonly readOnly?: boolean | undefined
}

export class Guard {
  /** The token in the address that opens the lab. */
  readonly token: string
  /**
   * The token of those who only look; null where there is none. It follows from the other token, so it stays as long as that does, and
   * nobody can go back from it.
   */
  readonly readToken: string | null
  readonly #host: string
  readonly #port: number
  #ticket: string | undefined

  /** `host` and `port` are what the server listens on. */
  constructor(host: string, port: number, { token, readOnly = false }: Tokens = {}) {
    this.#host = host
    this.#port = port
    this.token = token ?? newToken()
    this.readToken = readOnly ? createHmac('sha256', this.token).update('read-only').digest('base64url') : null
  }

  /** Why a request is refused; null where it is not. */
  refusal(request: IncomingMessage): Refusal | null {
    const foreign = this.foreign(request)
    if (foreign !== null) return foreign
    if (this.#known(cookies(request).get(this.#cookie)) !== undefined) return null
    return { status: 401, message: message('openWholeAddress') }
  }

  /** Whether a request that is not refused may change the lab. */
  mayChange(request: IncomingMessage): boolean {
    return this.#known(cookies(request).get(this.#cookie)) === this.token
  }

  /** Why a request comes from a foreign page; null where it comes from a page of the lab, or from no page. */
  foreign({ headers }: IncomingMessage): Refusal | null {
    const { host = '', origin } = headers
    const refuse = (told: Message): Refusal => ({ status: 403, message: told })
    if (!this.#isOwnName(hostName(host))) return refuse(message('notANameOfTheLab', { host }))
    if (origin !== undefined && origin !== `http://${host}`) return refuse(message('pageOfOthers'))
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      return refuse(message('linkOfOthers'))
    }
    return null
  }

  /** The token that an address carries; undefined where it carries none of this lab. */
  admits(url: URL): string | undefined {
    return this.#known(url.searchParams.get('token') ?? undefined)
  }

  /** A new ticket. It replaces the one before. */
  issueTicket(): string {
    this.#ticket = newToken()
    return this.#ticket
  }

  /**
   * Whether a request has the ticket, which it uses up. The page that the lab's own file opens comes from a file, so
   * browsers call the request cross-site. It has to be a page's navigation; a script's request is none.
   */
  redeems({ method, headers }: IncomingMessage, url: URL): boolean {
    const given = url.searchParams.get('ticket')
    const { host = '', origin, 'sec-fetch-mode': mode = 'navigate' } = headers
    if (given === null || this.#ticket === undefined || method !== 'GET') return false
    if (!this.#isOwnName(hostName(host)) || origin !== undefined || mode !== 'navigate') return false
    if (!isSame(given, this.#ticket)) return false
    this.#ticket = undefined
    return true
  }

  /** The cookie that replaces a token after the first request. */
  setCookie(token = this.token): string {
    return `${this.#cookie}=${token}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** Cookies do not depend on the port. The name keeps two labs on one machine apart. */
  get #cookie(): string {
    return `dpo-driver-${this.#port}`
  }

  #isOwnName(name: string): boolean {
    if (isLoopback(name) || name === this.#host.toLowerCase()) return true
    // On the network the lab is reached by an IP address, which DNS rebinding cannot fake.
    return !isLoopback(this.#host) && isIP(name) !== 0
  }

  /** The token of this lab that was given; undefined where it is none. */
  #known(given: string | undefined): string | undefined {
    if (given === undefined) return undefined
    return [this.token, this.readToken].find((token) => token !== null && isSame(given, token)) ?? undefined
  }
}

/** A token that nobody can guess. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Compares two secrets. The time that it takes does not depend on them. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}

/** The name in a Host header, without port and brackets. */
function hostName(host: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host)
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase()
}

function cookies({ headers: { cookie = '' } }: IncomingMessage): Map<string, string> {
  return new Map(
    cookie.split(';').flatMap((part): [string, string][] => {
      const at = part.indexOf('=')
      return at < 0 ? [] : [[part.slice(0, at).trim(), part.slice(at + 1).trim()]]
    }),
  )
}
