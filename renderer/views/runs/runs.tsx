/** The runs with their settings, and their adapters. */
import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { Page } from '../../parts/page.tsx'
import { Adapters } from './adapters.tsx'
import { RunHistory } from './history.tsx'
import { Lineage } from './lineage.tsx'

const SIDES = ['runs', 'models', 'lineage'] as const

export default function Runs() {
  const { t } = useTranslation()
  const { query } = usePlace()
  useKnownChoice('side', SIDES)
  const side = SIDES.find((one) => one === query.side) ?? 'runs'
  return (
    <Page
      title={t('views.runs')}
      actions={
        <SegmentedControl
          aria-label={t('runs.side')}
          value={side}
          onChange={(value) => visit({ side: value, search: undefined })}
          data={SIDES.map((value) => ({ value, label: t(`runs.sides.${value}`) }))}
        />
      }
    >
      {side === 'runs' ? <RunHistory /> : side === 'models' ? <Adapters /> : <Lineage />}
    </Page>
  )
}
