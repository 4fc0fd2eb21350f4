/** What a worker plays with: its own model and tasks, an adapter of each arm, and a browser as the lab's settings want it. */
import type { AgentModel } from '../agent/model.ts'
import { type Job, rollout } from '../agent/rollout.ts'
import type { Audience } from '../agent/spectator.ts'
import { Openings } from '../agent/transitions.ts'
import { Environment } from '../environment/environment.ts'
import { findTask, type Task } from '../environment/tasks.ts'
import type { Message } from '../messages/message.ts'
import { fetchPolicy } from './policies.ts'
import type { Play, Problem } from './protocol.ts'
import { pagesHash } from './requirements.ts'
import type { Server } from './server.ts'
import type { Player } from './worker.ts'

export interface PlayersOptions {
  readonly server: Server
  readonly model: AgentModel
  readonly tasks: readonly Task[]
  /** The pages of each browser. */
  readonly pages: number
  /** The folder in which adapters are kept. */
  readonly cache: string
  /** Watches what is played. */
  readonly audience?: Audience
  /** Hears what is odd about an adapter. */
  readonly warn: (told: Message) => void
}

interface Lent {
  readonly environment: Environment
  users: number
}

export class Players {
  readonly #options: PlayersOptions
  readonly #environments = new Map<string, Lent>()
  /** What came of actions on pages, by lab, run, stage and round: other arms play the same problems. */
  #openings: { readonly of: string; readonly seen: Openings } | undefined

  constructor(options: PlayersOptions) {
    this.#options = options
  }

  /** The hashes of the pages that a lab plays, as they are here. */
  pagesOf({ pages }: Pick<Play, 'pages'>): ReadonlyMap<string, string> {
    const shared = new Map<string, string>()
    const wanted = this.#options.tasks.filter(({ name }) => Object.hasOwn(pages, name))
    return new Map(wanted.map((task) => [task.name, pagesHash(task, shared)]))
  }

  /** Prepares to play an arm. Throws UserError where the adapter cannot be had, or does not fit the model. */
  async open(play: Play): Promise<Player> {
    const { model, server, cache, warn, tasks, audience } = this.#options
    const { policy, sampling } = play
    const adapter = policy === null ? null : `arm ${play.id}`
    if (policy !== null && adapter !== null) {
      await model.loadAdapter(await fetchPolicy(server, policy, cache), adapter, warn)
    }
    const lent = await this.#lend(play)
    const openings = this.#openingsOf(play)
    const { pictures } = play.environment
    const { stage, round, arm } = play
    const spectator = audience?.spectator({ stage, round, arm })
    return {
      play: ({ task, seed, attempts }: Problem, signal) => {
        const found = findTask(tasks, task)
        const jobs = attempts.map((attempt): Job => ({ task: found, seed, attempt }))
        return rollout(model, lent.environment, jobs, { adapter, sampling, openings, pictures, spectator, signal })
      },
      close: async () => {
        lent.users--
        if (adapter !== null) await model.engine.removeAdapter(adapter)
      },
    }
  }

  async close(): Promise<void> {
    this.#options.audience?.leave()
    await Promise.all([...this.#environments.values()].map(({ environment }) => environment.close()))
  }

  /** A browser with these settings. Others that nobody uses are closed. */
  async #lend({ environment: { pictures: _, ...settings } }: Play): Promise<Lent> {
    const key = JSON.stringify(settings)
    for (const [other, { environment, users }] of this.#environments) {
      if (other === key || users > 0) continue
      this.#environments.delete(other)
      this.#options.audience?.leave()
      await environment.close()
    }
    const { pages } = this.#options
    const lent = this.#environments.get(key) ?? { environment: new Environment({ ...settings, pages }), users: 0 }
    this.#environments.set(key, lent)
    lent.users++
    return lent
  }

  #openingsOf({ lab, run, stage, round, pages, environment }: Play): Openings {
    const of = JSON.stringify([lab, run, stage, round, pages, environment])
    if (this.#openings?.of !== of) this.#openings = { of, seen: new Openings() }
    return this.#openings.seen
  }
}
