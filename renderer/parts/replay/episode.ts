/** A kept episode as a replay shows it. */
import type { Answers } from '../../lab.ts'
import { useReason } from '../reason.ts'
import type { ReplayEpisode } from './replay.tsx'

export type KeptEpisode = Answers['episodes']['get']

/** A function that makes a replay of an episode: its reason in words, its pictures by address. */
export function useReplay(): (episode: KeptEpisode) => ReplayEpisode {
  const reason = useReason()
  return (episode) => ({
    instruction: episode.instruction,
    outcome: episode.outcome,
    reason: reason(episode.reason),
    steps: episode.steps.map((step, at) => ({
      ...step,
      tokens: null,
      picture: step.hasPicture ? `/pictures/${episode.id}/${at}` : null,
    })),
  })
}
