/** Plays one episode on request, with one policy or several side by side. Nothing is stored. */
import { type Job, rollout } from '../agent/rollout.ts'
import type { Spectator } from '../agent/spectator.ts'
import type { Config } from '../config/schema.ts'
import { noAdapter } from '../engine/adapter/adapter.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { hasAdapter } from '../pipeline/artifacts.ts'
import type { Resources } from '../pipeline/resources.ts'
import { sampled } from '../pipeline/stages/play.ts'

/** A policy that can play: the base model alone, or with the adapter in a folder. */
export interface PlayPolicy {
  readonly name: 'base' | 'sft' | 'dpo'
  /** The adapter's folder as the configuration names it; '' for the base model. */
  readonly folder: string
  /** Whether the adapter exists. */
  readonly there: boolean
}

/** The policies that a configuration names. */
export function playPolicies({ paths }: Config): PlayPolicy[] {
  const adapter = (name: 'sft' | 'dpo', folder: string) => ({ name, folder, there: hasAdapter(projectPath(folder)) })
  return [
    { name: 'base', folder: '', there: true },
    adapter('sft', paths.sft_adapter_path),
    adapter('dpo', paths.dpo_adapter_path),
  ]
}

/** The most trained policy that is there. */
export function latestPolicy(config: Config): PlayPolicy['name'] {
  return playPolicies(config).findLast(({ there }) => there)?.name ?? 'base'
}

/**
 * What to play: each policy, by a name of `playPolicies` or an adapter's folder, with its spectator. `warn` hears what is
 * odd about its adapter.
 */
export interface PlayRequest {
  readonly job: Job
  readonly policies: readonly {
    readonly policy: string
    readonly spectator: Spectator
    readonly warn: (told: Message) => void
  }[]
  /** 0 is greedy. */
  readonly temperature: number
}

/**
 * Lets all policies play the same problem at the same time. `ready` is called once all adapters are loaded. Throws
 * UserError where one is missing, before anything is played. When cancelled, throws the signal's reason.
 */
export async function playEpisode(
  resources: Resources,
  config: Config,
  { job, policies, temperature }: PlayRequest,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const wanted = policies.map((player) => ({ ...player, folder: adapterFolder(config, player.policy) }))
  const model = await resources.model()
  const environment = resources.environment()
  const loaded: string[] = []
  try {
    const players = []
    for (const { policy, folder, spectator, warn } of wanted) {
      const adapter = folder === null ? null : `play ${policy}`
      if (folder !== null && adapter !== null && !loaded.includes(adapter)) {
        await model.loadAdapter(folder, adapter, warn)
        loaded.push(adapter)
      }
      players.push({ adapter, spectator })
    }
    signal.throwIfAborted()
    ready()
    const sampling = sampled(config, temperature, 1)
    const one = { pages: 1, use: environment.use.bind(environment) }
    const playing = players.map((player) => rollout(model, one, [job], { ...player, sampling, signal, ahead: false }))
    await Promise.allSettled(playing)
    await Promise.all(playing)
  } finally {
    for (const adapter of loaded) await model.engine.removeAdapter(adapter)
  }
}

/** The folder of a policy's adapter; null for the base model. Throws UserError where there is none. */
export function adapterFolder(config: Config, policy: string): string | null {
  const named = playPolicies(config).find(({ name }) => name === policy)
  if (named?.name === 'base') return null
  const folder = projectPath(named?.folder ?? policy)
  if (hasAdapter(folder)) return folder
  const shown = shownPath(folder)
  if (named === undefined) throw noAdapter(folder, new UserError('noAdapterInFolder', { folder: shown }))
  throw noAdapter(folder, new UserError('stageNotRun', { folder: shown, stage: named.name }))
}
