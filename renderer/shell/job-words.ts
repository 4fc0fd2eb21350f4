/** The words for the current job. */
import type { TFunction } from 'i18next'
import type { CurrentJob } from '../../main/jobs.ts'

/** "Collect, round 2". */
export function stageName(t: TFunction, { name, round }: NonNullable<CurrentJob['stage']>): string {
  const stage = t(`stage.${name}` as 'stage.sft')
  return round > 0 ? t('job.round', { stage, round }) : stage
}

/** The progress of a stage in percent, rounded down to quarters. Screen readers announce each quarter. */
export function quarterOf(progress: Pick<NonNullable<CurrentJob['progress']>, 'done' | 'total'> | null): number {
  return progress === null ? 0 : 25 * Math.floor((4 * progress.done) / Math.max(1, progress.total))
}
