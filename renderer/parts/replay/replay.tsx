/** An episode, step by step: a film strip, the page, what the agent thought and did. */
import { Group, SegmentedControl, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import type { Outcome } from '../../../main/store/episode.ts'
import { lineDifferences, type Piece } from '../differences.ts'
import { decimal } from '../figures.ts'
import { useKeys } from '../keys.ts'
import { OutcomeMark } from '../status.tsx'
import { type Token, Tokens } from '../tokens.tsx'
import { Film } from './film.tsx'
import { PageShot } from './page-shot.tsx'
import classes from './replay.module.css'

export interface ReplayStep {
  readonly page: string
  readonly prompt: string
  readonly completion: string
  readonly thought: string
  readonly action: string
  readonly logprob: number
  /** Token by token, where it is known. */
  readonly tokens: readonly Token[] | null
  readonly shot: PageShot
}

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

const PLAYING = 900

const SHOWN = ['page', 'prompt', 'completion'] as const

/** What of a step is shown below it: the same for one episode after the other, or for two side by side. */
const useShown = create<{ readonly shown: (typeof SHOWN)[number] }>(() => ({ shown: 'page' }))

export function Replay({ episode, at, onAt, alone = true, film = episode.steps.length > 1 }: ReplayProps) {
  const { t } = useTranslation()
  const [playing, setPlaying] = useState(false)
  const { shown } = useShown()
  const last = episode.steps.length - 1
  const place = Math.max(0, Math.min(at, last))
  const step = episode.steps[place]
  const back = () => onAt(Math.max(0, place - 1))
  const on = () => onAt(Math.min(last, place + 1))
  useKeys(
    alone
      ? [
          ['ArrowLeft', back],
          ['ArrowRight', on],
          ['Space', () => setPlaying(!playing)],
        ]
      : [],
  )
  useEffect(() => {
    if (!playing) return
    if (place >= last) {
      setPlaying(false)
      return
    }
    const timer = setTimeout(() => onAt(place + 1), PLAYING)
    return () => clearTimeout(timer)
  }, [playing, place, last, onAt])
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
          <div className={classes.now}>
            <PageShot shot={step.shot} />
            <div className={classes.answer}>
              {step.action === '' ? (
                <>
                  <span className="soft">{t('replay.answer')}</span>
                  <span className="mono wrap">{step.completion}</span>
                  <span className="soft">{t('replay.action')}</span>
                  <b>{t('replay.noAction')}</b>
                </>
              ) : (
                <>
                  <span className="soft">{t('replay.thought')}</span>
                  <span className="wrap">{step.thought === '' ? '–' : step.thought}</span>
                  <span className="soft">{t('replay.action')}</span>
                  <b className="wrap">{step.action}</b>
                </>
              )}
              <span className="soft">{t('replay.probability')}</span>
              <span>{t('replay.nats', { nats: decimal(step.logprob) })}</span>
            </div>
          </div>
          <SegmentedControl
            size="xs"
            aria-label={t('replay.shown')}
            value={shown}
            onChange={(value) => useShown.setState({ shown: value })}
            data={SHOWN.map((value) => ({ value, label: t(`replay.${value}`) }))}
          />
          {shown === 'page' && <PageText page={step.page} before={episode.steps[place - 1]?.page ?? null} />}
          {shown === 'prompt' && <Lines text={step.prompt} />}
          {shown === 'completion' &&
            (step.tokens === null ? <Lines text={step.completion} /> : <Tokens tokens={step.tokens} />)}
        </>
      )}
    </div>
  )
}

function Lines({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <pre className={`mono wrap ${classes.text}`} tabIndex={0}>
      {text}
    </pre>
  )
}

/** What went and what came is so for those as well who cannot see it. */
const SIDES = { both: 'span', left: 'del', right: 'ins' } as const

/** The page as the agent read it, with what the last action changed marked. */
function PageText({ page, before }: { readonly page: string; readonly before: string | null }) {
  const pieces: readonly Piece[] =
    before === null ? [{ text: page, side: 'both' }] : lineDifferences(`${before}\n`, `${page}\n`)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <pre className={`mono wrap ${classes.text}`} tabIndex={0}>
      {pieces.map((piece, at) => {
        const Side = SIDES[piece.side]
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name than their place
          <Side key={at} className={classes[piece.side]}>
            {piece.text}
          </Side>
        )
      })}
    </pre>
  )
}
