/** The five stages as a path, with the state, time and result of each. */
import { Progress } from '@mantine/core'
import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { CurrentJob } from '../../../main/jobs.ts'
import { useSay } from '../../i18n/say.ts'
import { duration } from '../../parts/figures.ts'
import { StatusSign } from '../../parts/status.tsx'
import { type Stop, type StopState, stopOf } from './path.ts'
import classes from './stage-path.module.css'

interface Props {
  readonly stops: readonly StopState[]
  /** The job, if it is at work on this run. */
  readonly current: CurrentJob | null
  readonly chosen: Stop
  readonly onChoose: (stop: Stop) => void
  readonly rounds: number
  /** The earlier run whose collection this run uses; null where it uses none. */
  readonly collector: number | null
}

export function StagePath({ stops, current, chosen, onChoose, rounds, collector }: Props) {
  const { t } = useTranslation()
  const running = current?.stage == null ? undefined : stopOf(current.stage.name)
  return (
    <div>
      <ol className={classes.path} aria-label={t('pipeline.path')}>
        {stops.map((state, number) => (
          <li key={state.stop} className={classes.item}>
            <StopCard
              state={state}
              number={number}
              chosen={state.stop === chosen}
              onChoose={() => onChoose(state.stop)}
              current={state.stop === running ? current : null}
              collector={state.stop === 'sft' || state.stop === 'collect' ? collector : null}
            />
          </li>
        ))}
      </ol>
      <div className={classes.wheel} aria-hidden="true">
        <span>
          <RotateCcw size={13} /> {t('pipeline.wheel', { count: rounds })}
        </span>
      </div>
    </div>
  )
}

interface StopCardProps {
  readonly state: StopState
  readonly number: number
  readonly chosen: boolean
  readonly onChoose: () => void
  /** The job, if it is at this stop; else null. */
  readonly current: CurrentJob | null
  /** The earlier run whose result this stop uses; null where it uses none. */
  readonly collector: number | null
}

function StopCard({ state, number, chosen, onChoose, current, collector }: StopCardProps) {
  const { t } = useTranslation()
  const say = useSay()
  const { stop, seconds, records } = state
  const known = state.status === 'idle' && collector !== null ? 'skipped' : state.status
  const status = current === null ? known : 'running'
  const told = records.findLast((record) => record.line !== null)?.line ?? null
  const untold = collector === null ? t(`pipeline.short.${stop}`) : t('pipeline.fromRun', { run: collector })
  const line = told === null ? untold : say(told)
  return (
    <button
      type="button"
      className={`card ${classes.stop}`}
      data-status={status}
      aria-pressed={chosen}
      onClick={onChoose}
    >
      <span className={classes.head}>
        <span className={classes.number}>{number}</span>
        <b>{t(`stage.${stop}`)}</b>
        <span className={classes.sign}>
          <StatusSign status={status} />
          <span className="hidden-words">{t(`status.${status}`)}</span>
        </span>
      </span>
      <span className={classes.line}>{line}</span>
      <span className={classes.foot}>
        {current === null
          ? seconds !== null && <span>{duration(seconds)}</span>
          : current.progress !== null && <StopProgress progress={current.progress} />}
      </span>
    </button>
  )
}

function StopProgress({ progress: { done, total, eta } }: { readonly progress: NonNullable<CurrentJob['progress']> }) {
  const { t } = useTranslation()
  return (
    <>
      <Progress
        size="sm"
        color="var(--chosen)"
        value={(100 * done) / Math.max(1, total)}
        aria-label={t('job.progress')}
      />
      <span>
        {done}/{total}
        {eta === null ? '' : ` · ${t('job.toGo', { time: duration(Math.max(1, eta)) })}`}
      </span>
    </>
  )
}
