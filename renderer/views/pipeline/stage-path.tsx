/** The five stages as a path: how each stands, how long it took, what came of it. */
import { Progress } from '@mantine/core'
import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { CurrentJob } from '../../../main/jobs.ts'
import { duration } from '../../parts/figures.ts'
import { stageLine } from '../../parts/stage-line.ts'
import { StatusSign } from '../../parts/status.tsx'
import { type Stop, type StopState, stopOf } from './path.ts'
import classes from './stage-path.module.css'

interface Props {
  readonly stops: readonly StopState[]
  /** What runs now, where it is this run. */
  readonly current: CurrentJob | null
  readonly chosen: Stop
  readonly onChoose: (stop: Stop) => void
  readonly rounds: number
  /** The run that did the stages which this one did not; null where there is none. */
  readonly collector: number | null
}

export function StagePath({ stops, current, chosen, onChoose, rounds, collector }: Props) {
  const { t } = useTranslation()
  const isTaken = (stop: Stop) => collector !== null && (stop === 'sft' || stop === 'collect')
  const running = current?.stage == null ? undefined : stopOf(current.stage.name)
  const lineOf = ({ stop, records }: StopState) =>
    records.map((record) => stageLine(t, record)).findLast((line) => line !== '') ??
    (isTaken(stop) ? t('pipeline.fromRun', { run: collector }) : t(`pipeline.short.${stop}`))
  return (
    <div>
      <ol className={classes.path} aria-label={t('pipeline.path')}>
        {stops.map((state, number) => {
          const { stop, seconds } = state
          const known = state.status === 'idle' && isTaken(stop) ? 'skipped' : state.status
          const status = stop === running ? 'running' : known
          return (
            <li key={stop} className={classes.item}>
              <button
                type="button"
                className={`card ${classes.stop}`}
                data-status={status}
                aria-pressed={stop === chosen}
                onClick={() => onChoose(stop)}
              >
                <span className={classes.head}>
                  <span className={classes.number}>{number}</span>
                  <b>{t(`stage.${stop}`)}</b>
                  <span className={classes.sign}>
                    <StatusSign status={status} />
                    <span className="hidden-words">{t(`status.${status}`)}</span>
                  </span>
                </span>
                <span className={classes.line}>{lineOf(state)}</span>
                <span className={classes.foot}>
                  {stop === running && current?.progress != null ? (
                    <>
                      <Progress
                        size="sm"
                        color="var(--chosen)"
                        value={(100 * current.progress.done) / Math.max(1, current.progress.total)}
                        aria-label={t('job.progress')}
                      />
                      <span>
                        {current.progress.done}/{current.progress.total}
                        {current.progress.eta === null
                          ? ''
                          : ` · ${t('job.toGo', { time: duration(Math.max(1, current.progress.eta)) })}`}
                      </span>
                    </>
                  ) : (
                    stop !== running && seconds !== null && <span>{duration(seconds)}</span>
                  )}
                </span>
              </button>
            </li>
          )
        })}
      </ol>
      <div className={classes.wheel} aria-hidden="true">
        <span>
          <RotateCcw size={13} /> {t('pipeline.wheel', { count: rounds })}
        </span>
      </div>
    </div>
  )
}
