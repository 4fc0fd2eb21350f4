/** The tasks: a catalogue, a page of each over all runs and rounds, and the golden samples. */
import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { goTo, usePlace } from '../../location.ts'
import { Page } from '../../parts/page.tsx'
import { Catalogue } from './catalogue.tsx'
import { GoldenSamples } from './golden.tsx'
import { TaskPage } from './task-page.tsx'

const SIDES = ['catalogue', 'golden'] as const

export default function Tasks() {
  const { t } = useTranslation()
  const { query } = usePlace()
  if (query.task !== undefined) return <TaskPage key={query.task} task={query.task} />
  const side = SIDES.find((one) => one === query.side) ?? 'catalogue'
  return (
    <Page
      title={t('views.tasks')}
      about={t(`tasks.about.${side}`)}
      actions={
        <SegmentedControl
          aria-label={t('tasks.side')}
          value={side}
          onChange={(value) => goTo('tasks', { side: value })}
          data={SIDES.map((value) => ({ value, label: t(`tasks.sides.${value}`) }))}
        />
      }
    >
      {side === 'catalogue' ? <Catalogue /> : <GoldenSamples />}
    </Page>
  )
}
