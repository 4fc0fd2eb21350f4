/** The way back from one task to the catalogue. */
import { Button } from '@mantine/core'
import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { hrefOf } from '../../location.ts'

export function AllTasks() {
  const { t } = useTranslation()
  return (
    <Button component="a" href={hrefOf('tasks')} variant="default" leftSection={<ArrowLeft size={14} aria-hidden />}>
      {t('tasks.all')}
    </Button>
  )
}
