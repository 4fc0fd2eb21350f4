/** A step of an episode: the page, the agent's thought and action, and the texts behind them. */
import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { ChangedText } from '../changed-text.tsx'
import { decimal } from '../figures.ts'
import { type Token, Tokens } from '../tokens.tsx'
import { PageShot } from './page-shot.tsx'
import classes from './replay.module.css'

export interface ReplayStep {
  readonly page: string
  readonly prompt: string
  readonly completion: string
  readonly thought: string
  readonly action: string
  readonly logprob: number
  /** The tokens with their probabilities; null where they are unknown. */
  readonly tokens: readonly Token[] | null
  readonly shot: PageShot
}

interface Props {
  readonly step: ReplayStep
  /** The page of the previous step; null for the first step. */
  readonly before: string | null
}

export function StepView({ step, before }: Props) {
  return (
    <>
      <div className={classes.now}>
        <PageShot shot={step.shot} />
        <StepAnswer step={step} />
      </div>
      <StepTexts step={step} before={before} />
    </>
  )
}

/** Thought and action. An answer without an action is shown as it is. */
function StepAnswer({ step }: Pick<Props, 'step'>) {
  const { t } = useTranslation()
  return (
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
  )
}

const TEXTS = ['page', 'prompt', 'completion'] as const

/** Which text of a step is shown. The choice is the same for all episodes. */
const useText = create<{ readonly text: (typeof TEXTS)[number] }>(() => ({ text: 'page' }))

function StepTexts({ step, before }: Props) {
  const { t } = useTranslation()
  const { text } = useText()
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label={t('replay.shown')}
        value={text}
        onChange={(value) => useText.setState({ text: value })}
        data={TEXTS.map((value) => ({ value, label: t(`replay.${value}`) }))}
      />
      {text === 'page' && <ChangedText text={step.page} before={before} />}
      {text === 'prompt' && <ChangedText text={step.prompt} before={null} />}
      {text === 'completion' &&
        (step.tokens === null ? <ChangedText text={step.completion} before={null} /> : <Tokens tokens={step.tokens} />)}
    </>
  )
}
