/** How far a study is, and what it still takes. */
import { Progress } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { StudyBrief } from '../../lab.ts'
import { duration } from '../../parts/figures.ts'
import { Status, type StatusName } from '../../parts/status.tsx'
import classes from './studies.module.css'

const SIGNS = { waiting: 'idle', running: 'running', paused: 'stopped', done: 'done' } as const satisfies Readonly<
  Record<StudyBrief['standing'], StatusName>
>

export function StudyState({ study: { standing } }: { readonly study: Pick<StudyBrief, 'standing'> }) {
  const { t } = useTranslation()
  return <Status status={SIGNS[standing]} words={t(`studies.standing.${standing}`)} />
}

export function StudyProgress({ study }: { readonly study: StudyBrief }) {
  const { t } = useTranslation()
  const { done, left, failed, cancelled } = study
  const total = done + left
  const words = [
    t('studies.trainingsDone', { done, total }),
    ...(failed > 0 ? [t('studies.failedCount', { count: failed })] : []),
    ...(cancelled > 0 ? [t('studies.cancelledCount', { count: cancelled })] : []),
  ]
  return (
    <div className={classes.progress}>
      <Progress value={(100 * done) / Math.max(1, total)} color="var(--chosen)" aria-label={t('studies.progress')} />
      <span>{words.join(' · ')}</span>
    </div>
  )
}

/** A function that tells how long a study still takes. */
export function useTimeLeft(): (study: Pick<StudyBrief, 'left' | 'seconds'>) => string {
  const { t } = useTranslation()
  return ({ left, seconds }) => {
    if (left === 0) return t('studies.nothingLeft')
    return seconds === null ? t('studies.unknownTime') : t('studies.atMost', { time: duration(seconds) })
  }
}
