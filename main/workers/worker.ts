/** A worker: plays problems for every lab that calls for workers through the queue's server. */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import type { Episode } from '../store/episode.ts'
import type { Machine } from '../store/episodes.ts'
import { type Consumer, consumeProblems, type Patience, settingsKey, slotsFor } from './consumer.ts'
import { isWanted, LOOK, postLook, type SeenPage } from './looks.ts'
import { NOTICE, plays, postWorker, takeDownWorker } from './presence.ts'
import {
  type Play,
  type Problem,
  RESULT_BYTES,
  type Requirements,
  type Result,
  type StrangePlay,
  written,
} from './protocol.ts'
import { mismatches } from './requirements.ts'
import type { Server } from './server.ts'

/** How often a worker looks for what labs play, in milliseconds. */
const LOOKS = 250
/** After so many problems of which nothing but faults came, a worker stops: something is wrong with its machine. */
const MOST_FAULTS = 8
/** A worker tells how many episodes it played in this time, in milliseconds. */
const LATELY = 60_000

/** Plays problems of one arm. */
export interface Player {
  play(problem: Problem, signal: AbortSignal): Promise<readonly Episode[]>
  close(): Promise<void>
}

export interface WorkerOptions {
  readonly server: Server
  readonly machine: Machine
  readonly requirements: Requirements
  /** The hash of the pages of each task, by its name. */
  readonly pagesOf: (play: Play) => ReadonlyMap<string, string>
  /** The pages of its browser, and how many problems it plays at a time at most. */
  readonly pages: number
  readonly slots: number
  /** Prepares to play an arm. */
  readonly open: (play: Play) => Promise<Player>
  /** Ends the worker after the problems that it plays. */
  readonly signal: AbortSignal
  readonly hear: (event: WorkerEvent) => void
  /** Shows the pages to those who look at this worker; without one nobody can. */
  readonly window?: PagesWindow
  readonly patience?: Patience
}

/** What can be seen of a worker's pages. They make pictures only while it is open. */
export interface PagesWindow {
  open(): void
  pages(): SeenPage[]
  close(): void
}

export type WorkerEvent =
  | { readonly event: 'begins'; readonly play: Play }
  | { readonly event: 'ends'; readonly play: Play; readonly episodes: number }
  | { readonly event: 'refuses'; readonly play: Play; readonly why: readonly Message[] }
  /** Of a lab whose version writes plays in another form. */
  | { readonly event: 'strange'; readonly why: Message }
  | { readonly event: 'away'; readonly error: unknown }
  | { readonly event: 'back' }

/** An arm that this worker plays, or refuses to. */
interface Engagement {
  play: Play
  readonly consumer: Consumer | null
  readonly player: Player | null
  readonly why: readonly Message[]
  episodes: number
}

/** Serves until the signal. Throws the error that kept it from playing a problem. */
export async function work(options: WorkerOptions): Promise<void> {
  await new Work(options).run()
}

class Work {
  readonly #options: WorkerOptions
  readonly #id: string
  readonly #engaged = new Map<string, Engagement>()
  /** Why it does not play for labs whose plays it cannot read. */
  readonly #strange = new Map<string, Message>()
  readonly #playing = new Map<Problem, Play>()
  /** When episodes of the last minute ended, on a clock that nobody sets. */
  readonly #times: number[] = []
  #episodes = 0
  /** Problems in a row that were nothing but faults. */
  #faults = 0
  #isAway = false
  /** It takes on nothing more. */
  #isOver = false
  #broken: { readonly error: unknown } | undefined
  #posted = Number.NEGATIVE_INFINITY

  constructor(options: WorkerOptions) {
    this.#options = options
    const name = options.machine.name.replace(/[^\w.-]/g, '_')
    this.#id = `${name}-${randomBytes(3).toString('hex')}`
  }

  async run(): Promise<void> {
    const { server, signal } = this.#options
    // While the server is away, a command on it waits.
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    const failed = (error: Error) => this.#failed(error)
    server.redis.on('error', failed)
    const ended = new AbortController()
    const showing = this.#show(ended.signal)
    try {
      while (!signal.aborted && this.#broken === undefined) {
        try {
          await Promise.race([this.#look().then(() => this.#isBack()), stopped])
        } catch (error) {
          this.#failed(error)
        }
        await pause(LOOKS, undefined, { signal }).catch(() => {})
      }
    } finally {
      ended.abort()
      server.redis.off('error', failed)
      this.#isOver = true
      const force = this.#broken !== undefined
      await Promise.all([...this.#engaged.keys()].map((id) => this.#disengage(id, force)))
      await Promise.race([takeDownWorker(server, this.#id).catch(() => {}), pause(1_000, undefined, { ref: false })])
    }
    await Promise.race([showing, pause(1_000, undefined, { ref: false })])
    if (this.#broken !== undefined) throw this.#broken.error
  }

  /** Shows the pages while somebody looks. A server that is away or full has no room for pictures. */
  async #show(signal: AbortSignal): Promise<void> {
    const { server, window } = this.#options
    if (window === undefined) return
    while (!signal.aborted) {
      const isLookedAt = await isWanted(server, this.#id).catch(() => false)
      if (isLookedAt && !signal.aborted) {
        window.open()
        await postLook(server, this.#id, window.pages()).catch(() => {})
      } else window.close()
      await pause(LOOK.every, undefined, { signal }).catch(() => {})
    }
    window.close()
  }

  /** Engages with what is new on the board, and disengages from what is gone. */
  async #look(): Promise<void> {
    const { server } = this.#options
    const posted = new Map((await plays(server)).map((play) => [play.id, play]))
    for (const [id, { play }] of this.#engaged) {
      const now = posted.get(id)
      // A lab that plays the same again, such as with another adapter, has another id. What differs here is a forgery.
      if (now === undefined || !isDeepStrictEqual({ ...now, share: 0 }, { ...play, share: 0 })) {
        await this.#disengage(id, true, now === undefined)
      }
    }
    for (const id of this.#strange.keys()) if (!posted.has(id)) this.#strange.delete(id)
    for (const play of posted.values()) {
      if ('version' in play) {
        this.#meet(play)
        continue
      }
      const engaged = this.#engaged.get(play.id)
      if (engaged === undefined) await this.#engage(play)
      else if (engaged.consumer !== null) engaged.consumer.slots = slotsFor(this.#options, play.share)
    }
    if (performance.now() - this.#posted < NOTICE.renewed) return
    this.#posted = performance.now()
    await postWorker(server, this.#state())
  }

  #meet({ id, lab, version }: StrangePlay): void {
    if (this.#strange.has(id)) return
    const why = message('refusesForm', { lab, theirs: version, own: this.#options.requirements.version })
    this.#strange.set(id, why)
    this.#options.hear({ event: 'strange', why })
    this.#posted = Number.NEGATIVE_INFINITY
  }

  async #engage(play: Play): Promise<void> {
    const { server, machine, requirements, pagesOf, open, hear, patience } = this.#options
    this.#posted = Number.NEGATIVE_INFINITY
    const why = mismatches(play, requirements, machine, pagesOf(play))
    const player = why.length > 0 ? null : await this.#opened(play, open)
    if (this.#isOver) {
      // It was told to end meanwhile. What it took now, nobody would get.
      if (player !== null && !(player instanceof UserError)) await player.close()
      return
    }
    if (player === null || player instanceof UserError) {
      const refused = player === null ? why : player.messages
      this.#engaged.set(play.id, { play, consumer: null, player: null, why: refused, episodes: 0 })
      hear({ event: 'refuses', play, why: refused })
      return
    }
    const consumer = consumeProblems(server, play, {
      slots: slotsFor(this.#options, play.share),
      play: (problem, signal) => this.#play(play, player, problem, signal),
      onBroken: (error) => {
        this.#broken ??= { error }
      },
      onServerError: (error) => this.#failed(error),
      removes: false,
      ...(patience === undefined ? {} : { patience }),
    })
    this.#engaged.set(play.id, { play, consumer, player, why: [], episodes: 0 })
    hear({ event: 'begins', play })
  }

  async #opened(play: Play, open: WorkerOptions['open']): Promise<Player | UserError> {
    try {
      return await open(play)
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
  }

  async #disengage(id: string, force: boolean, isGone = false): Promise<void> {
    const engaged = this.#engaged.get(id)
    if (engaged === undefined) return
    this.#engaged.delete(id)
    await engaged.consumer?.close(force)
    await engaged.player?.close()
    const { play, episodes } = engaged
    // A look for silent consumers, after the lab has cleared the queue, brings its settings back. A lab that goes on writes them anew.
    if (isGone) await this.#options.server.redis.del(settingsKey(this.#options.server, play))
    if (engaged.consumer !== null) this.#options.hear({ event: 'ends', play, episodes })
  }

  /** The result of a problem, for the lab. */
  async #play(play: Play, player: Player, problem: Problem, signal: AbortSignal): Promise<unknown> {
    const { machine } = this.#options
    this.#playing.set(problem, play)
    try {
      const episodes = await player.play(problem, signal)
      const now = performance.now()
      this.#episodes += episodes.length
      this.#times.push(...episodes.map(() => now))
      const engaged = this.#engaged.get(play.id)
      if (engaged !== undefined) engaged.episodes += episodes.length
      this.#countFaults(episodes)
      return fitting(written({ machine, episodes: [...episodes] }), machine)
    } catch (error) {
      // Every machine finds the same, so the lab says it.
      if (error instanceof UserError && error.messages[0]?.id === 'pageTooLong') {
        return { machine, impossible: error.messages } satisfies Result
      }
      throw error
    } finally {
      this.#playing.delete(problem)
    }
  }

  /** Ends the worker where its browser plays nothing: the lab would have to play all of it again. */
  #countFaults(episodes: readonly Episode[]): void {
    const faults = episodes.flatMap((episode) => (episode.outcome === 'fault' ? [episode.fault] : []))
    this.#faults = faults.length === episodes.length ? this.#faults + 1 : 0
    if (this.#faults < MOST_FAULTS) return
    this.#broken ??= { error: new UserError('workerFaults', { count: MOST_FAULTS, why: faults[0]! }) }
  }

  #state() {
    const { machine, pages, slots } = this.#options
    while (this.#times.length > 0 && this.#times[0]! < performance.now() - LATELY) this.#times.shift()
    const playing = [...this.#playing].slice(0, 50).map(([{ task, seed }, { run, stage, arm }]) => ({
      ...{ run, stage, arm, task, seed },
    }))
    const refuses = [...this.#engaged.values()].flatMap(({ why }) => why)
    refuses.push(...this.#strange.values())
    const counts = { episodes: this.#episodes, lately: this.#times.length }
    return { id: this.#id, machine, pages, slots, ...counts, playing, refuses: refuses.slice(0, 20) }
  }

  #failed(error: unknown): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#options.hear({ event: 'away', error })
  }

  #isBack(): void {
    if (this.#isAway) this.#options.hear({ event: 'back' })
    this.#isAway = false
  }
}

/** A result that the lab will read, or an error where it is too long for that. */
function fitting(result: unknown, { name }: Machine): unknown {
  if (JSON.stringify(result).length > RESULT_BYTES) {
    throw new UserError('resultTooLarge', { machine: name, most: RESULT_BYTES >> 20 })
  }
  return result
}
