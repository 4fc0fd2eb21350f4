/** One recording: its steps with what the agent reads, the thought to edit, and the action. */
import { Button, Group, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ChevronRight, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { choose } from '../../location.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { ask } from '../../shell/question.tsx'
import classes from './tasks.module.css'

export type GoldenRecording = Answers['golden']['recordings']['recordings'][number]
type Step = GoldenRecording['steps'][number]

/** Names a recording in the address. */
export function recordingId({ task, seed, source, steps }: GoldenRecording): string {
  return task === null || seed === null ? `line ${steps[0]?.line}` : `${task} ${seed} ${source ?? ''}`
}

interface Props {
  readonly recording: GoldenRecording
  /** Whether the file cannot be changed. */
  readonly isFixed: boolean
  readonly isOpen: boolean
}

export function Recording({ recording, isFixed, isOpen }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { seed, source, steps } = recording
  const id = recordingId(recording)
  const row = useRef<HTMLDivElement>(null)
  useFocusHandedOn(row)
  const name = [
    seed === null ? id : t('golden.seed', { seed }),
    source === 'hand' ? t('golden.byHand') : source === 'expert' ? t('golden.byExpert') : (source ?? ''),
    t('golden.steps', { count: steps.length }),
  ]
    .filter(Boolean)
    .join(' · ')
  const Sign = isOpen ? ChevronDown : ChevronRight
  return (
    <div ref={row} className={classes.recording}>
      <Group gap="sm" justify="space-between">
        <button
          type="button"
          className={classes.opener}
          aria-expanded={isOpen}
          onClick={() => choose({ recording: isOpen ? undefined : id })}
        >
          <Sign size={14} aria-hidden /> {name}
        </button>
        <Button
          size="compact-xs"
          variant="default"
          disabled={isFixed}
          leftSection={<Trash2 size={13} aria-hidden />}
          aria-label={t('golden.deleteOne', { recording: id })}
          onClick={() => void remove(recording)}
          {...lock}
        >
          {t('runs.delete')}
        </Button>
      </Group>
      {isOpen && steps.map((step, at) => <StepView key={step.line} step={step} at={at} isFixed={isFixed} />)}
    </div>
  )
}

async function remove(recording: GoldenRecording): Promise<void> {
  const answer = await ask({
    title: (t) => t('golden.deleteTitle'),
    text: (t) => t('golden.deleteText', { count: recording.steps.length }),
    offers: [{ answer: 'delete', label: (t) => t('runs.delete'), loses: true }],
  })
  if (answer !== 'delete') return
  const samples = recording.steps.map(({ line, completion }) => ({ line, completion }))
  await lab.golden.delete.mutate({ samples }).catch(tellError)
  await queries.invalidateQueries({ queryKey: ['golden'] })
}

interface StepProps {
  readonly step: Step
  /** Its place, from 0. */
  readonly at: number
  readonly isFixed: boolean
}

function StepView({ step, at, isFixed }: StepProps) {
  const { t } = useTranslation()
  const { data } = useQuery({
    queryKey: ['golden', 'get', step.line, step.completion],
    queryFn: () => lab.golden.get.query({ line: step.line }),
  })
  return (
    <section className={classes.step} aria-label={t('golden.step', { step: at + 1 })}>
      <pre className="mono wrap">{data?.prompt ?? ''}</pre>
      <div>
        {step.thought === null || step.action === null ? (
          <pre className="mono wrap">{step.completion}</pre>
        ) : (
          <>
            <Thought key={step.thought} step={step} thought={step.thought} isFixed={isFixed} />
            <p>
              <span className="soft">{t('replay.action')}</span> <b>{step.action}</b>
            </p>
          </>
        )}
      </div>
    </section>
  )
}

interface ThoughtProps extends Pick<StepProps, 'step' | 'isFixed'> {
  readonly thought: string
}

function Thought({ step: { line, completion }, thought, isFixed }: ThoughtProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [text, setText] = useState(thought)
  const save = async () => {
    try {
      await lab.golden.setThought.mutate({ line, completion, thought: text })
      tell(t('golden.saved'))
    } catch (error) {
      tellError(error)
    }
    await queries.invalidateQueries({ queryKey: ['golden'] })
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <TextInput
        size="xs"
        label={t('replay.thought')}
        maxLength={2000}
        disabled={isFixed}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        {...lock}
      />
      <Button
        size="compact-xs"
        mt="xs"
        type="submit"
        disabled={isFixed || text.trim() === '' || text === thought}
        {...lock}
      >
        {t('golden.save')}
      </Button>
    </form>
  )
}
