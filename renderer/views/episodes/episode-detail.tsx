/** One episode: its origin and its steps. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { armName } from '../../parts/arm.ts'
import { type KeptEpisode, KeptReplay } from '../../parts/replay/kept.tsx'
import { Failure } from '../../shell/failure.tsx'

export function EpisodeDetail({ id }: { readonly id: number }) {
  const { data, error } = useQuery({
    queryKey: ['episode', id],
    queryFn: () => lab.episodes.get.query({ id }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (error !== null) return <Failure error={error} />
  return data === undefined ? null : <LoadedEpisode episode={data} />
}

function LoadedEpisode({ episode }: { readonly episode: KeptEpisode }) {
  const { t } = useTranslation()
  const [at, setAt] = useState(0)
  const { run, stage, round, arm, task, seed, attempt } = episode
  const name = t(`stage.${stage}` as 'stage.sft', { defaultValue: stage })
  return (
    <>
      <p className="soft" style={{ margin: '0 0 8px' }}>
        {t('episodes.from', {
          run,
          stage: round > 1 ? t('episodes.roundOfStage', { stage: name, round }) : name,
          task,
          seed,
          attempt: attempt + 1,
        })}
        {arm === '' ? '' : ` · ${armName(t, arm)}`}
      </p>
      <KeptReplay episode={episode} at={at} onAt={setAt} />
    </>
  )
}
