/** The pace of playback: a slider for the delay, pause, and single steps of one page or of all. */
import { ActionIcon, Group, Slider, Switch, Text, Tooltip } from '@mantine/core'
import { Pause, Play, StepForward } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Control, Played } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tellError } from '../../shell/notices.tsx'
import type { Extent } from './fit.ts'

interface Props {
  readonly of: Played
  readonly control: Control
  /** The page that a single step moves; undefined for all pages. */
  readonly screen?: string | undefined
  readonly extent: Extent
  readonly onExtent: (extent: Extent) => void
  /** Whether there is nothing that could be held back. */
  readonly disabled?: boolean
}

/** The delays of the slider's positions, in milliseconds. */
const DELAYS = [0, 250, 500, 1000, 2000, 4000]

export function Controls({ of, control, screen, extent, onExtent, disabled = false }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  return (
    <Group gap="md" wrap="wrap">
      <Tooltip label={t(control.paused ? 'live.resume' : 'live.pause')}>
        <ActionIcon
          size="lg"
          variant={control.paused ? 'filled' : 'default'}
          aria-label={t(control.paused ? 'live.resume' : 'live.pause')}
          disabled={disabled}
          onClick={() => void change(of, { paused: !control.paused }).catch(tellError)}
          {...lock}
        >
          {control.paused ? <Play size={18} aria-hidden /> : <Pause size={18} aria-hidden />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('live.singleStep')}>
        <ActionIcon
          size="lg"
          variant="default"
          aria-label={t('live.singleStep')}
          disabled={disabled || !control.paused}
          onClick={() => void lab.live.next.mutate(screen === undefined ? { of } : { of, screen }).catch(tellError)}
          {...lock}
        >
          <StepForward size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <DelaySlider of={of} delay={control.delay} />
      <Switch
        label={t('live.wholePage')}
        checked={extent === 'page'}
        onChange={(event) => onExtent(event.currentTarget.checked ? 'page' : 'task')}
      />
    </Group>
  )
}

function change(of: Played, changes: Partial<Control>): Promise<unknown> {
  return lab.live.control.mutate({ of, ...changes })
}

/** The delay before each action. `delay` is the lab's value, in milliseconds. */
function DelaySlider({ of, delay }: { readonly of: Played; readonly delay: number }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [moved, setMoved] = useState<number | null>(null)
  // The thumb stays where it was put until the lab has the new delay, so that the next key continues from there.
  useEffect(() => setMoved((at) => (at !== null && DELAYS[at] === delay ? null : at)), [delay])
  const put = (at: number) =>
    change(of, { delay: DELAYS[at] ?? 0 }).catch((error: unknown) => {
      setMoved(null)
      tellError(error)
    })
  const seconds = (at: number) => t('live.seconds', { seconds: (DELAYS[at] ?? 0) / 1000 })
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm" id={`delay-${of}`}>
        {t('live.delay')}
      </Text>
      <Slider
        w={150}
        min={0}
        max={DELAYS.length - 1}
        step={1}
        value={moved ?? DELAYS.findLastIndex((one) => one <= delay)}
        label={seconds}
        thumbLabel={t('live.delay')}
        thumbValueText={seconds}
        onChange={setMoved}
        onChangeEnd={(at) => void put(at)}
        {...lock}
      />
    </Group>
  )
}
