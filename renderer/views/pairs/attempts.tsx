/** The two attempts that a pair comes from, stepped through together. */
import { Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Answers } from '../../lab.ts'
import { useKeys } from '../../parts/keys.ts'
import { type KeptEpisode, KeptReplay } from '../../parts/replay/kept.tsx'
import classes from './pairs.module.css'

type Pair = Answers['pairs']['get']['pair']

interface Props {
  readonly pair: Pair
  /** null where the answer was not played here. */
  readonly chosen: KeptEpisode | null
  readonly rejected: KeptEpisode | null
}

export function Attempts({ pair, chosen, rejected }: Props) {
  const [at, setAt] = useState(pair.step)
  const last = Math.max(chosen?.steps.length ?? 0, rejected?.steps.length ?? 0) - 1
  useKeys([
    ['ArrowLeft', () => setAt((before) => Math.max(0, before - 1))],
    ['ArrowRight', () => setAt((before) => Math.min(last, before + 1))],
  ])
  const instruction = chosen?.instruction ?? rejected?.instruction
  const common = { pair, at, onAt: setAt, film: last > 0 }
  return (
    <>
      {instruction !== undefined && <p className={classes.instruction}>{instruction}</p>}
      <div className={classes.answers}>
        <Attempt {...common} side="chosen" episode={chosen} />
        <Attempt {...common} side="rejected" episode={rejected} />
      </div>
    </>
  )
}

interface AttemptProps {
  readonly pair: Pair
  readonly side: 'chosen' | 'rejected'
  readonly episode: KeptEpisode | null
  /** The step that is shown. */
  readonly at: number
  readonly onAt: (at: number) => void
  /** Whether there are several steps to move through. */
  readonly film: boolean
}

function Attempt({ pair, side, episode, at, onAt, film }: AttemptProps) {
  const { t } = useTranslation()
  if (episode === null) {
    return (
      <section className={classes.side} data-side={side} aria-label={t(`pairs.${side}`)}>
        <Text c="dimmed">{t('pairs.elsewhere')}</Text>
      </section>
    )
  }
  const isAsPlayed = episode.steps[pair.step]?.completion === pair[side]
  const name = t(isAsPlayed ? 'pairs.attempt' : 'pairs.attemptBefore', { attempt: episode.attempt + 1 })
  return (
    <section className={classes.side} data-side={side} aria-label={name}>
      <h3 className={side}>{name}</h3>
      <KeptReplay episode={episode} at={at} onAt={onAt} alone={false} film={film} />
    </section>
  )
}
