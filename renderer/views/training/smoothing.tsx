/** A slider for the smoothing of curves. */
import { Group, Slider, Text } from '@mantine/core'
import { useThrottledCallback } from '@mantine/hooks'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSettings } from '../../state/settings.ts'

/** Smallest time between two updates while the slider moves, in milliseconds: each draws every chart again. */
const SETTLED = 100

/** The slider moves at once; the charts follow. */
export function Smoothing() {
  const { t } = useTranslation()
  const [smoothing, setSmoothing] = useState(useSettings.getState().smoothing)
  const keep = useThrottledCallback((value: number) => useSettings.setState({ smoothing: value }), SETTLED)
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm">{t('training.smoothing')}</Text>
      <Slider
        w={130}
        min={0}
        max={0.99}
        step={0.01}
        value={smoothing}
        label={(value) => value.toFixed(2)}
        thumbLabel={t('training.smoothing')}
        onChange={(value) => {
          setSmoothing(value)
          keep(value)
        }}
      />
    </Group>
  )
}
