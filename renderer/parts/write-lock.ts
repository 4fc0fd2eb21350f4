/** What closes the controls that write, in a window that may only look. */
import { useTranslation } from 'react-i18next'
import { useReadOnly } from '../lab.ts'

interface Locked {
  readonly disabled: true
  /** The reason. */
  readonly title: string
}

/**
 * Props for a control that changes, starts or computes something in the lab: in a window that may only look it is disabled and says
 * why; otherwise they are empty. They come last, because no other reason counts there.
 */
export function useWriteLock(): Locked | Record<string, never> {
  const { t } = useTranslation()
  return useReadOnly() ? { disabled: true, title: t('app.readOnlyNote') } : {}
}
