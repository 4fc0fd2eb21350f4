/** The title of the page, which browsers show in its tab. */
import type { TFunction } from 'i18next'
import type { EndedJob, JobState } from '../../main/jobs.ts'
import type { View } from '../location.ts'
import { stageName } from './job-words.ts'

/** The stage at work with its progress, else how the last run ended where the reader has not seen it, else the view. */
export function titleOf(
  t: TFunction,
  view: View,
  current: JobState['current'],
  unseen: Pick<EndedJob, 'run' | 'status'> | null,
): string {
  return `${whatOf(t, view, current, unseen)} - ${t('app.name')}`
}

function whatOf(
  t: TFunction,
  view: View,
  current: JobState['current'],
  unseen: Pick<EndedJob, 'run' | 'status'> | null,
): string {
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
