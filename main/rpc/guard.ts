/**
 * Who may talk to the lab: whoever holds this launch's token, from a page of the lab itself. The lab trains, writes files
 * and drives a browser, so a page of somebody else, open in the same browser, must get nothing out of it:
 *
 * - A name that was pointed at this machine (DNS rebinding) comes with its own name as Host, and is refused.
 * - A form or a script of another page comes with that page as Origin, or as Sec-Fetch-Site, and is refused; its cookie
 *   would not come along either, being SameSite=Strict.
 * - Everybody else on this machine lacks the token, which is made anew at every launch.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { type Message, message } from '../messages/message.ts'

export interface Refusal {
  readonly status: 401 | 403
  readonly message: Message
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host)
}

export class Guard {
  /** What the address of the lab carries once. */
  readonly token = randomBytes(32).toString('base64url')
  readonly #host: string
  readonly #port: number

  /** For a server that listens at this address. */
  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  /** Why a request is not answered; null where it is. */
  refusal(request: IncomingMessage): Refusal | null {
    const foreign = this.foreign(request)
    if (foreign !== null) return foreign
    if (this.#holdsToken(cookies(request).get(this.#cookie))) return null
    return { status: 401, message: message('openWholeAddress') }
  }

  /** Why a request does not come from a page of the lab; null where it does, or comes from no page at all. */
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

  /** Whether an address carries the token. */
  admits(url: URL): boolean {
    return this.#holdsToken(url.searchParams.get('token') ?? undefined)
  }

  /** What a browser has to keep so that it need not carry the token any more. */
  setCookie(): string {
    return `${this.#cookie}=${this.token}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** Cookies know no ports: the name keeps two labs on one machine apart. */
  get #cookie(): string {
    return `dpo-driver-${this.#port}`
  }

  #isOwnName(name: string): boolean {
    if (isLoopback(name) || name === this.#host.toLowerCase()) return true
    // Who makes the lab listen to the network reaches it by a number; no name can be pointed at that.
    return !isLoopback(this.#host) && isIP(name) !== 0
  }

  #holdsToken(given: string | undefined): boolean {
    if (given === undefined) return false
    const digest = (text: string) => createHash('sha256').update(text).digest()
    return timingSafeEqual(digest(given), digest(this.token))
  }
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
