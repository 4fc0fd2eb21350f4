/** What a pair's task is called. */
import type { TFunction } from 'i18next'

/** The name in the reader's language where the lab gave it: `imported` is what a file that names no task leaves. */
export function taskName(t: TFunction, task: string): string {
  return task === 'imported' ? t('pairs.importedTask') : task
}
