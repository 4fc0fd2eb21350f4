/**
 * The model and the pages for playing and recording. They are opened when first needed, and closed after some time
 * without use.
 */
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import { openResources, type ResourceOptions, type Resources } from '../pipeline/resources.ts'

/** Milliseconds without use until they are closed. A model may hold gigabytes that a run needs. */
const IDLE = 60_000
/** Milliseconds that closing waits for work to let go of what was closed under it. */
const PATIENCE = 5000
/** Most pages that people can watch at a time. */
const PAGES = 8

interface Bench {
  readonly config: Config
  readonly resources: Resources
  users: number
}

export class Workshop {
  readonly #config: () => Config
  readonly #options: ResourceOptions
  #bench: Bench | undefined
  #idle: NodeJS.Timeout | undefined
  readonly #works = new Set<Promise<unknown>>()
  #closed = false

  /** `config` is called each time, so that changed settings apply at once. */
  constructor(config: () => Config, options: ResourceOptions) {
    this.#config = config
    this.#options = options
  }

  /** Lends them to `work`, and takes them back afterwards. Throws UserError once the workshop is closed. */
  async use<T>(work: (resources: Resources, config: Config) => Promise<T>): Promise<T> {
    // The window still asks while the lab ends. What would open now, nobody would close.
    if (this.#closed) throw new UserError('labCloses')
    const bench = this.#open()
    clearTimeout(this.#idle)
    bench.users++
    const working = work(bench.resources, bench.config)
    this.#works.add(working)
    try {
      return await working
    } finally {
      this.#works.delete(working)
      bench.users--
      if (bench.users === 0) this.#leave(bench)
    }
  }

  /**
   * Closes them under all work, and waits a moment until the work has ended: it may still use the lab's store. No other
   * work begins afterwards.
   */
  async close(): Promise<void> {
    this.#closed = true
    await this.#rest()
  }

  async #rest(): Promise<void> {
    clearTimeout(this.#idle)
    const bench = this.#bench
    this.#bench = undefined
    await bench?.resources.close()
    await Promise.race([Promise.allSettled(this.#works), setTimeout(PATIENCE, undefined, { ref: false })])
  }

  /** The open model and pages, if the configuration still wants the same ones; otherwise new ones. */
  #open(): Bench {
    const { environment, ...config } = this.#config()
    const wanted = { ...config, environment: { ...environment, pages: PAGES } }
    const before = this.#bench
    if (before !== undefined && isDeepStrictEqual(before.config, wanted)) return before
    this.#bench = { config: wanted, resources: openResources(wanted, this.#options), users: 0 }
    if (before?.users === 0) before.resources.close().catch(() => {})
    return this.#bench
  }

  #leave(bench: Bench): void {
    if (bench !== this.#bench) {
      bench.resources.close().catch(() => {})
      return
    }
    this.#idle = globalThis.setTimeout(() => this.#rest().catch(() => {}), IDLE)
    this.#idle.unref()
  }
}
