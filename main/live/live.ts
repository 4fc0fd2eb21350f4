/** The live view: it shows what the agent sees and does, plays single episodes, and records episodes by hand. */
import type { Config } from '../config/schema.ts'
import { messageOf, UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import type { ResourceOptions } from '../pipeline/resources.ts'
import type { Shot } from '../store/episode.ts'
import type { Look } from './look.ts'
import { pageFailed } from './page-failed.ts'
import { type PlayPolicy, playEpisode, playPolicies } from './play.ts'
import { Recordings } from './recordings.ts'
import { type Replayable, retake } from './retake.ts'
import { Screens } from './screens.ts'
import type { LiveState, Sight } from './state.ts'
import { SystemMetrics } from './system-metrics.ts'
import { TaskPictures } from './task-pictures.ts'
import { Workshop } from './workshop.ts'

const GRACE = 10_000
/** How long a recording waits for its window, which may show another view for a while. */
const AWAY = 300_000

export interface LiveOptions extends Pick<ResourceOptions, 'host'> {
  /** Returns the present configuration. It is called whenever something starts. */
  readonly config: () => Config
  /** Milliseconds after the last viewer has left until attempts are no longer delayed; 10,000 by default. */
  readonly grace?: number
  /** Milliseconds that a recording waits for its window to come back; 300,000 by default. */
  readonly away?: number
}

export interface PlayOptions {
  readonly task: string
  readonly seed: number
  /** 'base', 'sft', 'dpo', or an adapter's folder. */
  readonly policies: readonly string[]
  /** 0 is greedy. */
  readonly temperature: number
}

export class Live {
  /** The model and the pages for what people play and record. */
  readonly workshop: Workshop
  /** The pages in use, by runs and by people. */
  readonly screens: Screens
  /** The recordings by hand. */
  readonly recordings: Recordings
  /** The tasks' pages. */
  readonly pictures: TaskPictures
  /** What the machine is doing. */
  readonly system: SystemMetrics
  readonly #config: () => Config
  #playing: { readonly controller: AbortController; readonly over: Promise<unknown> } | undefined

  constructor({ config, host, grace = GRACE, away = AWAY }: LiveOptions) {
    this.#config = config
    this.workshop = new Workshop(config, { host })
    this.pictures = new TaskPictures(this.workshop)
    this.system = new SystemMetrics({ card: () => config().model.webgpu_adapter })
    this.screens = new Screens(grace, (tokens) => this.system.generated(tokens))
    this.recordings = new Recordings(config, this.workshop, this.screens, away)
  }

  /** What is shown now. Each change of `screens.changes` gives a new state. */
  state(): LiveState {
    return {
      controls: this.screens.controls,
      closed: this.recordings.closed,
      jobPlays: this.screens.jobPlays,
      turn: this.screens.turnOf('job'),
      screens: this.screens.shown().map((screen) => {
        const recording = this.recordings.find(screen.id)?.shown() ?? null
        return recording === null ? { ...screen, recording } : { ...screen, step: recording.steps.length, recording }
      }),
    }
  }

  /**
   * What is seen of these screens, or of all without `ids`, until `signal` is aborted. A recording stays open while its
   * pictures are watched by id.
   */
  async *sights(
    ids: readonly string[] | undefined,
    signal: AbortSignal,
    look?: Look,
  ): AsyncGenerator<Sight, void, undefined> {
    const leave = (ids ?? []).map((id) => this.recordings.enter(id))
    try {
      yield* this.screens.sights(ids, signal, look)
    } finally {
      for (const goes of leave) goes?.()
    }
  }

  /** The policies that can play. */
  policies(): PlayPolicy[] {
    return playPolicies(this.#config())
  }

  /**
   * Starts an episode with each of the policies, in place of the last played ones, and returns their screens. Throws
   * UserError where task, model or adapter is missing.
   */
  async play({ task: name, seed, policies, temperature }: PlayOptions): Promise<string[]> {
    await this.stop()
    const controller = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<string[]>()
    const over = this.workshop.use(async (resources, config) => {
      const [task] = resources.tasksNamed([name])
      const job = { task: task!, seed, attempt: 0 }
      const players = policies.map((policy) => {
        const programme = { stage: 'play', round: 0, arm: policy }
        const screen = this.screens.add('play', programme, job)
        const spectator = this.screens.spectator('play', programme, () => screen)
        return { policy, screen, spectator, warn: (told: Message) => screen.note(told) }
      })
      const screens = players.map(({ screen }) => screen)
      let ready = false
      try {
        await playEpisode(resources, config, { job, policies: players, temperature }, controller.signal, () => {
          ready = true
          resolve(screens.map(({ id }) => id))
        })
      } catch (error) {
        if (!ready) for (const screen of screens) this.screens.remove(screen)
        else for (const screen of screens) screen.stop(messageOf(error))
        throw error
      }
    })
    this.#playing = { controller, over: over.catch(reject) }
    return promise
  }

  /** Stops the played episodes, and removes their screens. */
  async stop(): Promise<void> {
    const playing = this.#playing
    this.#playing = undefined
    playing?.controller.abort(new UserError('playStopped'))
    await playing?.over
    for (const screen of this.screens.all()) if (screen.kind === 'play') this.screens.remove(screen)
  }

  /**
   * Pictures of an episode that was played without any, step by step, up to the first page that differs now. Throws
   * UserError where the task does not exist or its page fails.
   */
  retake(name: string, episode: Replayable): Promise<Shot[]> {
    return this.workshop.use(async (resources) => {
      const [task] = resources.tasksNamed([name])
      try {
        return await resources.environment().use(task!, (session) => retake(session, task!, episode))
      } catch (error) {
        throw pageFailed(name, error)
      }
    })
  }

  /** Ends what people have started. Runs have pages of their own. */
  async close(): Promise<void> {
    await this.stop()
    this.system.close()
    this.recordings.close()
    await this.workshop.close()
  }
}
