/** The name of a pair's task. */
import type { TFunction } from 'i18next'

/**
 * The name in the reader's language where the lab made it up: an imported pair without a task has the task `imported`.
 */
export function taskName(t: TFunction, task: string): string {
  return task === 'imported' ? t('pairs.importedTask') : task
}
