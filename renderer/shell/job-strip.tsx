/** The job in the line above the views: its name, its progress, and a button that stops it. */
import { Button, Group, Progress } from '@mantine/core'
import { Pause, Square, Zap } from 'lucide-react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CurrentJob, JobState } from '../../main/jobs.ts'
import { lab, useConnection } from '../api.ts'
import { useSay } from '../i18n/say.ts'
import { useJob, usePace } from '../job.ts'
import { hrefOf } from '../location.ts'
import { duration } from '../parts/figures.ts'
import { useFocusHandedOn } from '../parts/focus.ts'
import { StatusSign } from '../parts/status.tsx'
import { useWriteLock } from '../parts/write-lock.ts'
import classes from './job-strip.module.css'
import { quarterOf, stageName } from './job-words.ts'
import { tellError } from './notices.tsx'

export function JobStrip() {
  const { t } = useTranslation()
  const job = useJob()
  const { lost } = useConnection()
  const strip = useRef<HTMLDivElement>(null)
  if (lost) {
    return (
      <p className={classes.lost} role="alert">
        {t('app.offline')}
      </p>
    )
  }
  if (job === null) return null
  return (
    <div ref={strip} className={classes.strip} tabIndex={-1}>
      {job.current === null ? (
        <LastJob last={job.last} />
      ) : (
        <RunningJob job={job} current={job.current} strip={strip} />
      )}
      <Announcer job={job} />
    </div>
  )
}

function LastJob({ last }: Pick<JobState, 'last'>) {
  const { t } = useTranslation()
  const say = useSay()
  if (last === null) return <span className="soft">{t('job.idle')}</span>
  return (
    <a className={classes.last} href={hrefOf('pipeline', { run: last.run })}>
      <StatusSign status={last.status} />
      <span className="cut">
        {t('job.last', { run: last.run, command: t(`command.${last.command}`), status: t(`status.${last.status}`) })}
        {last.error === null ? '' : ` ${say(last).split('\n')[0]}`}
      </span>
    </a>
  )
}

interface RunningJobProps {
  readonly job: JobState
  readonly current: CurrentJob
  /** The element around it, which stays when the job has ended. */
  readonly strip: RefObject<HTMLDivElement | null>
}

function RunningJob({ job, current, strip }: RunningJobProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const say = useSay()
  useFocusHandedOn(strip, strip)
  const { stage, progress } = current
  const { paused, delay } = usePace()
  const stopping = job.status === 'stopping'
  const counted = progress === null ? null : `${progress.done}/${progress.total} ${say(progress.counted)}`
  const toGo = progress?.eta == null ? null : t('job.toGo', { time: duration(Math.max(1, progress.eta)) })
  const slowed = delay > 0 ? t('job.slowed', { seconds: delay / 1000 }) : null
  const rest = paused ? [t('job.paused')] : [toGo, slowed]
  return (
    <>
      <a className={classes.what} href={hrefOf('pipeline', { run: current.run })}>
        {paused ? <Pause size={16} aria-hidden /> : <StatusSign status="running" />}
        <b className="cut">{stage === null ? t(`command.${current.command}`) : stageName(t, stage)}</b>
      </a>
      {current.study !== null && (
        <a className={`soft ${classes.study}`} href={hrefOf('studies', { study: current.study.id })}>
          {t('studies.job', { ...current.study })}
        </a>
      )}
      <Progress
        className={classes.bar!}
        value={progress === null ? 0 : (100 * progress.done) / Math.max(1, progress.total)}
        color="var(--chosen)"
        aria-label={t('job.progress')}
      />
      <span className={`soft ${classes.rest}`}>{[counted, ...rest].filter((part) => part !== null).join(' · ')}</span>
      <Group gap="xs" wrap="nowrap">
        {stopping ? (
          <Button
            size="xs"
            variant="default"
            leftSection={<Zap size={14} aria-hidden />}
            title={t('job.stopNowNote')}
            onClick={() => void lab.job.stopNow.mutate().catch(tellError)}
            {...lock}
          >
            {t('job.stopNow')}
          </Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            leftSection={<Square size={13} aria-hidden />}
            title={t('job.stopNote')}
            onClick={() => void lab.job.stop.mutate().catch(tellError)}
            {...lock}
          >
            {t('job.stop')}
          </Button>
        )}
        {stopping && <span role="status">{t('status.stopping')}</span>}
      </Group>
    </>
  )
}

/** Announces stages and quarters to screen readers, not every attempt. */
function Announcer({ job }: { readonly job: JobState }) {
  const { t } = useTranslation()
  const [said, setSaid] = useState('')
  /** A job that ended before the window was opened is not announced. */
  const isFollowed = useRef(false)
  const { current, last } = job
  const progress = current?.progress ?? null
  const percent = quarterOf(progress)
  const stage = current === null ? null : current.stage
  const name = stage === null ? null : stageName(t, stage)
  useEffect(() => {
    if (name !== null) {
      isFollowed.current = true
      setSaid(t('job.said', { stage: name, percent }))
    } else if (last !== null && isFollowed.current)
      setSaid(t('job.ended', { run: last.run, status: t(`status.${last.status}`) }))
  }, [t, name, percent, last])
  return (
    <span className="hidden-words" role="status" aria-live="polite">
      {said}
    </span>
  )
}
