/** The title of the page, which browsers show in its tab. */
import type { TFunction } from 'i18next'
import type { EndedJob, JobState } from '../../main/jobs.ts'
import type { View } from '../location.ts'
import { stageName } from './job-words.ts'

/**
 * That the lab does not answer, else the stage at work with its progress, else how the last run ended where the reader has not seen it,
 * else the view.
 */
export function titleOf(t: TFunction, shown: Shown): string {
  return `${whatOf(t, shown)} - ${t('app.name')}`
}

interface Shown {
  /** Whether the connection to the lab is lost: what is known of a job may have passed. */
  readonly lost: boolean
  readonly view: View
  readonly current: JobState['current']
  readonly unseen: Pick<EndedJob, 'run' | 'status'> | null
}

function whatOf(t: TFunction, { lost, view, current, unseen }: Shown): string {
  if (lost) return t('app.noAnswer')
  if (current !== null) {
    const { stage, progress } = current
    const name = stage === null ? t(`command.${current.command}`) : stageName(t, stage)
    return progress === null ? name : t('job.title', { percent: percentOf(progress), stage: name })
  }
  return unseen === null ? t(`views.${view}`) : t(`job.titleEnded.${unseen.status}`, { run: unseen.run })
}

/** Rounded down: 100 is for what is done. */
function percentOf({ done, total }: { readonly done: number; readonly total: number }): number {
  return Math.floor((100 * done) / Math.max(1, total))
}
