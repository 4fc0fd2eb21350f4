/** The columns of the table of episodes. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { endingMessage } from '../../../main/store/episode.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers } from '../../lab.ts'
import { armName } from '../../parts/arm.ts'
import { duration } from '../../parts/figures.ts'
import { OutcomeMark } from '../../parts/status.tsx'
import type { Column } from '../../parts/table/column.ts'

export type EpisodeBrief = Answers['episodes']['list']['rows'][number]

/** `rounds`: whether any episodes are of a later round, so that the stage column must name the round. */
export function useEpisodeColumns(rounds: boolean): readonly Column<EpisodeBrief>[] {
  const { t } = useTranslation()
  const say = useSay()
  return useMemo(
    () => [
      { id: 'id', label: '#', width: '46px', number: true, sortable: true, cell: ({ id }) => id },
      {
        id: 'outcome',
        label: t('episodes.outcome'),
        width: '92px',
        sortable: true,
        cell: ({ outcome }) => <OutcomeMark outcome={outcome} />,
      },
      { id: 'task', label: t('episodes.task'), width: 'minmax(122px, 1fr)', sortable: true, cell: ({ task }) => task },
      {
        id: 'seed',
        label: t('episodes.seed'),
        width: '72px',
        number: true,
        sortable: true,
        cell: ({ seed, attempt }) => (attempt > 0 ? `${seed}·${attempt + 1}` : seed),
      },
      {
        id: 'stage',
        label: t('episodes.stage'),
        width: rounds ? 'minmax(114px, 0.6fr)' : 'minmax(88px, 0.6fr)',
        cell: ({ stage, round, arm }) => {
          if (arm !== '') return armName(t, arm)
          const name = t(`stage.${stage}` as 'stage.sft', { defaultValue: stage })
          return rounds ? `${name} · ${t('episodes.round', { round })}` : name
        },
      },
      {
        id: 'steps',
        label: t('episodes.steps'),
        width: '52px',
        number: true,
        sortable: true,
        cell: ({ steps }) => steps,
      },
      {
        id: 'reason',
        label: t('episodes.reason'),
        width: 'minmax(102px, 1.4fr)',
        sortable: true,
        cell: (row) => (row.outcome === 'success' ? '' : say(endingMessage(row))),
      },
      {
        id: 'duration',
        label: t('episodes.time'),
        width: '64px',
        number: true,
        sortable: true,
        cell: ({ duration: milliseconds }) => duration(milliseconds / 1000),
      },
    ],
    [t, say, rounds],
  )
}
