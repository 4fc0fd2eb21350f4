/** An episode step by step: a film strip, the page, and the agent's thought and action. */
import { Group, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Outcome } from '../../../main/store/episode.ts'
import { useKeys } from '../keys.ts'
import { OutcomeMark } from '../status.tsx'
import { Film } from './film.tsx'
import classes from './replay.module.css'
import { type ReplayStep, StepView } from './replay-step.tsx'

export interface ReplayEpisode {
  readonly instruction: string
  readonly outcome: Outcome
  /** Why the episode ended, in words. */
  readonly reason: string
  readonly steps: readonly ReplayStep[]
}

export interface ReplayProps {
  readonly episode: ReplayEpisode
  readonly at: number
  readonly onAt: (at: number) => void
  /**
   * Whether the replay stands alone. Then it shows the instruction and handles keys; of two side by side, their frame
   * does both.
   */
  readonly alone?: boolean
  /** Whether the film strip is shown; by default where there are several steps. */
  readonly film?: boolean
}

export function Replay({ episode, at, onAt, alone = true, film = episode.steps.length > 1 }: ReplayProps) {
  const { t } = useTranslation()
  const last = episode.steps.length - 1
  const place = Math.max(0, Math.min(at, last))
  const step = episode.steps[place]
  const [playing, setPlaying] = usePlaying(place, last, onAt)
  useKeys(
    alone
      ? [
          ['ArrowLeft', () => onAt(Math.max(0, place - 1))],
          ['ArrowRight', () => onAt(Math.min(last, place + 1))],
          ['Space', () => setPlaying(!playing)],
        ]
      : [],
  )
  return (
    <div className={classes.replay}>
      {alone && <h2 className={classes.instruction}>{episode.instruction}</h2>}
      <Group gap="sm" wrap="nowrap">
        <OutcomeMark outcome={episode.outcome} />
        <Text size="sm" c="dimmed" className="cut" title={episode.reason}>
          {episode.reason}
        </Text>
      </Group>
      {step === undefined ? (
        <Text c="dimmed">{t('replay.none')}</Text>
      ) : (
        <>
          {film && <Film steps={episode.steps} at={place} onAt={onAt} playing={playing} onPlaying={setPlaying} />}
          <StepView step={step} before={episode.steps[place - 1]?.page ?? null} />
        </>
      )}
    </div>
  )
}

/** Milliseconds that each step is shown during playback. */
const PACE = 900

/** Playback from step `place` to step `last`: whether it runs, and how to start and stop it. */
function usePlaying(place: number, last: number, onAt: (at: number) => void) {
  const [playing, setPlaying] = useState(false)
  useEffect(() => {
    if (!playing) return
    if (place >= last) {
      setPlaying(false)
      return
    }
    const timer = setTimeout(() => onAt(place + 1), PACE)
    return () => clearTimeout(timer)
  }, [playing, place, last, onAt])
  return [playing, setPlaying] as const
}
