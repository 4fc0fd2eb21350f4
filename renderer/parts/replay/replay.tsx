/** An episode, step by step: a film strip, the page, what the agent thought and did. */
import { ActionIcon, Group, SegmentedControl, Text, Tooltip } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { ChevronLeft, ChevronRight, Pause, Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Outcome } from '../../../main/store/episode.ts'
import { lineDifferences, type Piece } from '../differences.ts'
import { OutcomeMark } from '../status.tsx'
import { type Token, Tokens } from '../tokens.tsx'
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
  /** Address of its picture, where one was kept. */
  readonly picture: string | null
}

export interface ReplayEpisode {
  readonly instruction: string
  readonly outcome: Outcome
  /** Why it ended so, in words. */
  readonly reason: string
  readonly steps: readonly ReplayStep[]
}

interface Props {
  readonly episode: ReplayEpisode
  readonly at: number
  readonly onAt: (at: number) => void
  /** Alone it says the instruction and listens to keys; where two stand side by side, their frame does. */
  readonly alone?: boolean
}

const PLAYING = 900

export function Replay({ episode, at, onAt, alone = true }: Props) {
  const { t } = useTranslation()
  const [playing, setPlaying] = useState(false)
  const [shown, setShown] = useState<'page' | 'prompt' | 'completion'>('page')
  const last = episode.steps.length - 1
  const place = Math.max(0, Math.min(at, last))
  const step = episode.steps[place]
  const back = () => onAt(Math.max(0, place - 1))
  const on = () => onAt(Math.min(last, place + 1))
  useHotkeys(
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
      {alone && <p className={classes.instruction}>{episode.instruction}</p>}
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
          <Group gap="xs" wrap="nowrap" justify="space-between">
            <Group gap={2} wrap="nowrap">
              <Turn label={t('replay.back')} icon={ChevronLeft} disabled={place === 0} onClick={back} />
              <Turn
                label={t(playing ? 'replay.pause' : 'replay.play')}
                icon={playing ? Pause : Play}
                disabled={last < 1}
                onClick={() => {
                  if (!playing && place === last) onAt(0)
                  setPlaying(!playing)
                }}
              />
              <Turn label={t('replay.on')} icon={ChevronRight} disabled={place === last} onClick={on} />
            </Group>
            <Text size="sm" c="dimmed" aria-live="polite">
              {t('replay.step', { at: place + 1, total: last + 1 })}
            </Text>
          </Group>
          <ol className={classes.strip} aria-label={t('replay.strip')}>
            {episode.steps.map((one, number) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a step's place is its name
              <li key={number}>
                <button
                  type="button"
                  className={classes.frame}
                  aria-current={number === place ? 'step' : undefined}
                  onClick={() => onAt(number)}
                >
                  {one.picture !== null && <img src={one.picture} alt="" loading="lazy" />}
                  <span className="cut">
                    {number + 1} · {one.action === '' ? t('replay.noAction') : one.action}
                  </span>
                </button>
              </li>
            ))}
          </ol>
          <div className={classes.now}>
            {step.picture !== null && <img className={classes.picture} src={step.picture} alt={t('replay.picture')} />}
            <div className={classes.answer}>
              <span className="soft">{t('replay.thought')}</span>
              <span className="wrap">{step.thought === '' ? '–' : step.thought}</span>
              <span className="soft">{t('replay.action')}</span>
              <b className="wrap">{step.action === '' ? t('replay.noAction') : step.action}</b>
              <span className="soft">{t('replay.probability')}</span>
              <span>{t('replay.nats', { nats: step.logprob.toFixed(2) })}</span>
            </div>
          </div>
          <SegmentedControl
            size="xs"
            value={shown}
            onChange={(value) => setShown(value)}
            data={[
              { value: 'page', label: t('replay.page') },
              { value: 'prompt', label: t('replay.prompt') },
              { value: 'completion', label: t('replay.completion') },
            ]}
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

function Lines({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <pre className={`mono wrap ${classes.text}`} tabIndex={0}>
      {text}
    </pre>
  )
}

/** The page as the agent read it, with what the last action changed marked. */
function PageText({ page, before }: { readonly page: string; readonly before: string | null }) {
  const pieces: readonly Piece[] =
    before === null ? [{ text: page, side: 'both' }] : lineDifferences(`${before}\n`, `${page}\n`)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <pre className={`mono wrap ${classes.text}`} tabIndex={0}>
      {pieces.map((piece, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name than their place
        <span key={at} className={classes[piece.side]}>
          {piece.text}
        </span>
      ))}
    </pre>
  )
}
