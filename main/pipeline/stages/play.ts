/**
 * Plays episodes so that they survive a kill: each is stored as it ends, and stored ones are not played again. Only
 * faults are. Where the configuration names a queue, the workers there play along.
 */
import { type Job, type RolloutOptions, rollout } from '../../agent/rollout.ts'
import type { Openings } from '../../agent/transitions.ts'
import type { Config } from '../../config/schema.ts'
import type { Task } from '../../environment/tasks.ts'
import { faults } from '../../evaluation/evaluate.ts'
import { UserError } from '../../messages/error.ts'
import type { Episode } from '../../store/episode.ts'
import type { Machine, StoredEpisode } from '../../store/episodes.ts'
import type { ArmKey } from '../../store/keys.ts'
import type { StageContext } from '../stage.ts'
import { playWithWorkers } from './play-with-workers.ts'

export interface Play {
  readonly key: ArmKey
  /** Folder of the adapter that plays; null lets the base model play alone. */
  readonly adapter: string | null
  readonly jobs: readonly Job[]
  readonly sampling: RolloutOptions['sampling']
  /** What other policies have seen of these problems. */
  readonly openings?: Openings
  /** Called as each episode ends, with the number of finished jobs. */
  onEpisode(done: number): void
}

/**
 * Plays the jobs whose episodes are not stored, or stored as faults, and returns the episodes of all. Throws UserError where
 * the environment broke them all.
 */
export async function play(
  context: StageContext,
  { key, adapter, jobs, sampling, openings, onEpisode }: Play,
): Promise<StoredEpisode[]> {
  const { store, resources, signal, config } = context
  const kept = new Set(
    store.episodes
      .outcomes(key)
      .filter(({ outcome }) => outcome !== 'fault')
      .map(({ task, seed, attempt }) => `${task} ${seed} ${attempt}`),
  )
  const missing = jobs.filter(({ task, seed, attempt }) => !kept.has(`${task.name} ${seed} ${attempt}`))
  let done = jobs.length - missing.length
  onEpisode(done)
  if (missing.length > 0) {
    const model = await resources.model()
    const name = adapter === null ? null : 'playing'
    if (adapter !== null && name !== null) await model.loadAdapter(adapter, name, context.tell)
    try {
      const environment = resources.environment()
      const options = {
        adapter: name,
        sampling,
        ...(openings === undefined ? {} : { openings }),
        pictures: config.environment.pictures,
        signal,
        spectator: resources.audience?.spectator({ stage: key.stage, round: key.round, arm: key.arm }),
      }
      const keep = (episode: Episode, machine: Machine | null) => {
        store.episodes.add(key, episode, machine)
        onEpisode(++done)
      }
      // A problem travels to workers with the numbers of its attempts alone.
      const isPlain = missing.every(({ branch, hinted = false }) => branch === undefined && !hinted)
      const server = isPlain ? await resources.queue?.() : undefined
      if (server === undefined) {
        await rollout(model, environment, missing, { ...options, onEpisode: (episode) => keep(episode, null) })
      } else {
        const shared = { key, adapter, jobs: missing, model, environment, rollout: options, onEpisode: keep }
        await playWithWorkers(context, server, shared)
      }
    } finally {
      resources.audience?.rest()
      if (name !== null) await model.engine.removeAdapter(name)
    }
  }
  const episodes = store.episodes.of(key)
  tellFaults(context, episodes)
  return episodes
}

/**
 * Tells of episodes that the environment broke. Throws UserError where it broke every one: then there is nothing to learn
 * from or to count.
 */
function tellFaults(context: StageContext, episodes: readonly StoredEpisode[]): void {
  const broken = faults(episodes)
  const [most] = broken
  const count = broken.reduce((sum, [, times]) => sum + times, 0)
  if (most === undefined) return
  if (count === episodes.length) throw new UserError('everythingBroke', { count, why: most[0] })
  context.say('someBroke', { count, of: episodes.length, why: most[0] })
}

/** Every attempt at `seeds` seeds of each task, counted from `start`. The problems of a task stand together. */
export function jobsOf(tasks: readonly Task[], start: number, seeds: number, attempts = 1): Job[] {
  return tasks.flatMap((task) =>
    Array.from({ length: seeds * attempts }, (_, at) => ({
      task,
      seed: start + Math.floor(at / attempts),
      attempt: at % attempts,
    })),
  )
}

/** How a policy samples when it is measured. */
export function greedy(config: Config): RolloutOptions['sampling'] {
  return sampled(config, 0, 1)
}

/** How a policy samples at a temperature, from the likeliest tokens that together have the probability top_p. */
export function sampled({ model, project }: Config, temperature: number, top_p: number): RolloutOptions['sampling'] {
  const { max_new_tokens } = model
  return { temperature, top_p, max_new_tokens, seed: project.seed, constrained: isConstrained(model) }
}

/** Whether answers are held to the actions that the page takes. */
export function isConstrained({ constrained }: Config['model']): boolean {
  return constrained !== false
}
