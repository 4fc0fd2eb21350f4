/** A stored episode as a replay. If it was played without pictures, the lab takes them when somebody looks. */
import { useQuery } from '@tanstack/react-query'
import { endingMessage } from '../../../main/store/episode.ts'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { useJob } from '../../job.ts'
import type { Answers } from '../../lab.ts'
import { useWriteLock } from '../write-lock.ts'
import type { PageShot } from './page-shot.tsx'
import { Replay, type ReplayProps } from './replay.tsx'

export type KeptEpisode = Answers['episodes']['get']

interface Props extends Omit<ReplayProps, 'episode'> {
  readonly episode: KeptEpisode
}

export function KeptReplay({ episode, ...place }: Props) {
  const say = useSay()
  const shotOf = useShots(episode)
  const { instruction, outcome } = episode
  const steps = episode.steps.map((step, at) => ({ ...step, tokens: null, shot: shotOf(at) }))
  return <Replay episode={{ instruction, outcome, reason: say(endingMessage(episode)), steps }} {...place} />
}

/** Milliseconds that somebody must stay with an episode before its pictures are taken. */
const STAY = 250

/**
 * The picture of each step's page, or why there is none. While a run uses the machine, pictures are taken only on
 * request.
 */
function useShots({ id, steps }: KeptEpisode): (at: number) => PageShot {
  const say = useSay()
  const lock = useWriteLock()
  const isIdle = useJob()?.status === 'idle'
  const isWanted = steps[0]?.hasPicture === false
  const taken = useQuery({
    queryKey: ['retake', id],
    queryFn: async ({ signal }) => {
      await new Promise((resolve) => setTimeout(resolve, STAY))
      signal.throwIfAborted()
      return lab.episodes.retake.mutate({ id })
    },
    enabled: isWanted && isIdle && lock.disabled !== true,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
  return (at) => {
    const step = steps[at]!
    const box = step.hasPicture ? step.box : taken.data?.[at]
    if (box !== undefined) return { kind: 'picture', source: `/pictures/${id}/${at}`, box }
    if (taken.isFetching) return { kind: 'coming' }
    if (taken.error !== null) return { kind: 'gone', why: say(taken.error) }
    if (isWanted && lock.disabled) return { kind: 'gone', why: lock.title }
    if (isWanted && taken.data === undefined) return { kind: 'offered', take: () => void taken.refetch() }
    return { kind: 'gone', why: null }
  }
}
