/** The studies: their queue, or the page of the one that the address names. */
import { Button } from '@mantine/core'
import { FlaskConical } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useStudies } from '../../lab.ts'
import { goTo, usePlace } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { numberIn } from '../../parts/number-in.ts'
import { Page } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { StartQueue } from './actions.tsx'
import { Queue } from './queue.tsx'
import { StudyPage } from './study-page.tsx'

export default function StudiesView() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const studies = useStudies()
  const study = numberIn(query.study)
  // One that was made just now may not be in the list yet.
  useKnownChoice('study', studies.isFetching ? undefined : studies.data?.map(({ id }) => String(id)))
  if (studies.error !== null) return <Failure error={studies.error} retry={() => void studies.refetch()} />
  if (studies.data === undefined) return <Loading />
  if (study !== undefined) return <StudyPage id={study} studies={studies.data} />
  if (studies.data.length === 0) {
    return (
      <Page title={t('views.studies')}>
        <Empty icon={FlaskConical} title={t('studies.none')} text={t('studies.noneText')}>
          <Button onClick={() => goTo('runs')}>{t('studies.toRuns')}</Button>
        </Empty>
      </Page>
    )
  }
  return (
    <Page title={t('views.studies')} actions={<StartQueue studies={studies.data} />}>
      <Queue studies={studies.data} />
    </Page>
  )
}
