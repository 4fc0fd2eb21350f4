/** The tasks: a catalogue, a page of each over all runs and rounds, and the golden samples. */
import { Button, SegmentedControl } from '@mantine/core'
import { Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { goTo, hrefOf, usePlace } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { Page } from '../../parts/page.tsx'
import { Catalogue } from './catalogue.tsx'
import { GoldenSamples } from './golden.tsx'
import { PageEditor } from './page-editor.tsx'
import { TaskPage } from './task-page.tsx'

const SIDES = ['catalogue', 'golden'] as const

export default function Tasks() {
  const { t } = useTranslation()
  const { query } = usePlace()
  useKnownChoice('side', [...SIDES, 'new'])
  if (query.side === 'new') return <PageEditor key="" page="" />
  if (query.edit !== undefined) return <PageEditor key={query.edit} page={query.edit} />
  if (query.task !== undefined) return <TaskPage key={query.task} task={query.task} />
  const side = SIDES.find((one) => one === query.side) ?? 'catalogue'
  return (
    <Page
      title={t('views.tasks')}
      about={t(`tasks.about.${side}`)}
      actions={
        <>
          <SegmentedControl
            aria-label={t('tasks.side')}
            value={side}
            onChange={(value) => goTo('tasks', { side: value })}
            data={SIDES.map((value) => ({ value, label: t(`tasks.sides.${value}`) }))}
          />
          <Button
            component="a"
            href={hrefOf('tasks', { side: 'new' })}
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
          >
            {t('tasks.page.open')}
          </Button>
        </>
      }
    >
      {side === 'catalogue' ? <Catalogue /> : <GoldenSamples />}
    </Page>
  )
}
