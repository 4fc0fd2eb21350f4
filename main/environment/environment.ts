/** The environment: a few pages of one browser, on which episodes of any task are played in parallel. */
import { type BrowserHost, chromiumHost } from './browser.ts'
import { SESSION_DEFAULTS, Session, type SessionOptions } from './session.ts'
import type { Task } from './tasks.ts'

export interface EnvironmentOptions extends SessionOptions {
  readonly host: BrowserHost
  /** Number of open pages. */
  readonly pages: number
}

/** Lends sessions: `await environment.use(task, (session) => ...)`. */
export class Environment {
  /** How many episodes can be played at a time. */
  readonly pages: number
  readonly #host: BrowserHost
  readonly #sessions: readonly Session[]
  readonly #idle: Session[]
  readonly #waiting: { task: Task; take: (session: Session) => void }[] = []

  constructor(options: Partial<EnvironmentOptions> = {}) {
    const { host = chromiumHost(), pages = 4, ...session } = options
    this.pages = pages
    this.#host = host
    this.#sessions = Array.from({ length: pages }, () => new Session(host, { ...SESSION_DEFAULTS, ...session }))
    this.#idle = [...this.#sessions]
  }

  /**
   * Lends a session to `play`, and takes it back afterwards, also when `play` throws. Waits while all are lent. It
   * prefers a session that has the task's page loaded, which is 40 times faster than loading the page.
   */
  async use<T>(task: Task, play: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take(task)
    try {
      return await play(session)
    } finally {
      this.#giveBack(session)
    }
  }

  /** Closes the browser. Episodes in progress fail. */
  async close(): Promise<void> {
    await this.#host.close()
  }

  #take(task: Task): Promise<Session> | Session {
    const at = Math.max(
      this.#idle.findIndex((session) => session.task?.url === task.url),
      0,
    )
    const [session] = this.#idle.splice(at, 1)
    return session ?? new Promise((take) => this.#waiting.push({ task, take }))
  }

  #giveBack(session: Session): void {
    const at = Math.max(
      this.#waiting.findIndex(({ task }) => session.task?.url === task.url),
      0,
    )
    const [next] = this.#waiting.splice(at, 1)
    if (next === undefined) this.#idle.push(session)
    else next.take(session)
  }
}
