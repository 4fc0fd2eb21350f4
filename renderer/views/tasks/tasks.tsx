/** The tasks: a catalogue, and a page of each over all runs and rounds. */
import { useTranslation } from 'react-i18next'
import { usePlace } from '../../location.ts'
import { Page } from '../../parts/page.tsx'
import { Catalogue } from './catalogue.tsx'
import { TaskPage } from './task-page.tsx'

export default function Tasks() {
  const { t } = useTranslation()
  const { query } = usePlace()
  if (query.task !== undefined) return <TaskPage key={query.task} task={query.task} />
  return (
    <Page title={t('views.tasks')} about={t('tasks.about')}>
      <Catalogue />
    </Page>
  )
}
