/** The steps of an episode as a film strip, with buttons to move and play. */
import { ActionIcon, Group, Text, Tooltip } from '@mantine/core'
import { ChevronLeft, ChevronRight, Pause, Play } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './film.module.css'
import { PageThumbnail } from './page-shot.tsx'
import type { ReplayStep } from './replay-step.tsx'

interface Props {
  readonly steps: readonly Pick<ReplayStep, 'action' | 'shot'>[]
  readonly at: number
  readonly onAt: (at: number) => void
  readonly playing: boolean
  readonly onPlaying: (playing: boolean) => void
}

/** CSS pixels that stay free beside the current step. */
const EDGE = 2

export function Film({ steps, at, onAt, playing, onPlaying }: Props) {
  const { t } = useTranslation()
  const last = steps.length - 1
  const strip = useRef<HTMLOListElement>(null)
  // Scrolls only the strip. Everything around it stays in place.
  useEffect(() => {
    const frame = strip.current?.children[at]
    if (!(frame instanceof HTMLElement) || strip.current === null) return
    const { scrollLeft, clientWidth } = strip.current
    const [left, right] = [frame.offsetLeft - EDGE, frame.offsetLeft + frame.offsetWidth + EDGE]
    if (left < scrollLeft) strip.current.scrollLeft = left
    else if (right > scrollLeft + clientWidth) strip.current.scrollLeft = right - clientWidth
  }, [at])
  return (
    <>
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Group gap={2} wrap="nowrap">
          <Turn label={t('replay.back')} icon={ChevronLeft} disabled={at === 0} onClick={() => onAt(at - 1)} />
          <Turn
            label={t(playing ? 'replay.pause' : 'replay.play')}
            icon={playing ? Pause : Play}
            disabled={last < 1}
            onClick={() => {
              if (!playing && at === last) onAt(0)
              onPlaying(!playing)
            }}
          />
          <Turn label={t('replay.on')} icon={ChevronRight} disabled={at === last} onClick={() => onAt(at + 1)} />
        </Group>
        <Text size="sm" c="dimmed" aria-live={playing ? 'off' : 'polite'}>
          {t('replay.step', { at: at + 1, total: last + 1 })}
        </Text>
      </Group>
      <ol ref={strip} className={classes.strip} aria-label={t('replay.strip')}>
        {steps.map(({ action, shot }, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step's place is its key
          <li key={number}>
            <button
              type="button"
              className={classes.frame}
              aria-current={number === at ? 'step' : undefined}
              onClick={() => onAt(number)}
            >
              <PageThumbnail shot={shot} />
              <span className="cut">
                {number + 1} · {action === '' ? t('replay.noAction') : action}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </>
  )
}

interface TurnProps {
  readonly label: string
  readonly icon: typeof Play
  readonly disabled: boolean
  readonly onClick: () => void
}

function Turn({ label, icon: Icon, disabled, onClick }: TurnProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" aria-label={label} disabled={disabled} onClick={onClick}>
        <Icon size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}
