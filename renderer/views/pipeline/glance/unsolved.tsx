/** The golden samples that would help most: problems that no attempt solved teach nothing until somebody shows one. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleDot } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../../api.ts'
import { goTo } from '../../../location.ts'
import classes from './glance.module.css'

/** The most tasks that are named. */
const MOST = 3

interface Props {
  readonly run: number
  readonly round: number
}

export function Unsolved({ run, round }: Props) {
  const { t } = useTranslation()
  const unsolved = useQuery({
    queryKey: ['episodes', 'unsolved', run, round],
    queryFn: () => lab.episodes.unsolved.query({ run, round }),
  }).data
  if (unsolved === undefined || unsolved.length === 0) return null
  return (
    <section className={classes.unsolved} aria-label={t('pipeline.glance.unsolved')}>
      <h3>{t('pipeline.glance.unsolved')}</h3>
      <p className="soft">{t('pipeline.glance.unsolvedNote')}</p>
      <ul>
        {unsolved.slice(0, MOST).map(({ task, seed, unsolved: never, problems }) => (
          <li key={task}>
            <span>{t('pipeline.glance.neverSolved', { task, count: never, problems })}</span>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<CircleDot size={13} aria-hidden />}
              aria-label={t('pipeline.glance.recordOf', { task })}
              onClick={() => goTo('live', { mode: 'record', task, seed })}
            >
              {t('live.recordOne')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
