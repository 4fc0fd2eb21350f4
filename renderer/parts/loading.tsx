/** What is shown until the lab has answered. */
import { Loader } from '@mantine/core'
import { useTranslation } from 'react-i18next'

export function Loading() {
  const { t } = useTranslation()
  return <Loader m="xl" size="sm" color="gray" role="status" aria-label={t('app.loading')} />
}
