/** An episode, step by step: a film strip, the page, what the agent thought and did. */
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
  /** Why it ended so, in words. */
  readonly reason: string
  readonly steps: readonly ReplayStep[]
}

export interface ReplayProps {
  readonly episode: ReplayEpisode
  readonly at: number
  readonly onAt: (at: number) => void
  /** Alone it says the instruction and listens to keys; where two stand side by side, their frame does. */
  readonly alone?: boolean
  /** Whether its steps can be chosen: by default where there are several. */
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

/** Milliseconds for which a step is shown while the episode plays. */
const PACE = 900

/** Whether the episode plays by itself, from the step at `place` to the last one; and what begins and ends that. */
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
