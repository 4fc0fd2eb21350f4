/** The choice of what the axis along the charts of a view counts. The address holds it. */
import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { choose, usePlace } from '../../location.ts'
import { useKnownChoice } from '../address.ts'
import { ALONG, type Along, RANGE_KEYS } from './along.ts'

/** What the address says; steps where it says nothing. */
export function useAlong(): Along {
  const { query } = usePlace()
  return ALONG.find((one) => one === query.along) ?? 'step'
}

export function AlongChoice() {
  const { t } = useTranslation()
  const along = useAlong()
  useKnownChoice('along', ALONG)
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('training.alongLabel')}
      value={along}
      data={ALONG.map((value) => ({ value, label: t(`training.along.${value}`) }))}
      // A zoom of the old axis says nothing on the new one.
      onChange={(value) => choose({ along: value === 'step' ? undefined : value, [RANGE_KEYS[along]]: undefined })}
    />
  )
}
