/** A pair from near: what the two answers share and where they part, and the two attempts they come from. */
import { Button, Group, Text, Textarea, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Check, NotebookPen, Pencil, Repeat2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { Answer } from '../../parts/answer.tsx'
import { useKeys } from '../../parts/keys.ts'
import { type KeptEpisode, KeptReplay } from '../../parts/replay/kept.tsx'
import { Failure } from '../../shell/failure.tsx'
import type { PairDraft, Texts } from '../../state/pair-drafts.ts'
import { isPlayed, Marks } from './pair-table.tsx'
import { PairTokens } from './pair-tokens.tsx'
import classes from './pairs.module.css'
import type { Review } from './review.ts'
import { taskName } from './task-name.ts'

interface Props {
  readonly id: number
  readonly correct: Review['correct']
  readonly judge: (kind: 'keep' | 'drop') => void
  readonly swap: () => void
  /** Its edit, where it is being edited. */
  readonly draft: PairDraft | null
  readonly onDraft: (draft: PairDraft | null) => void
}

/** A pair with its attempts, as a question to the lab. */
export function pairQuery(id: number) {
  return queryOptions({ queryKey: ['pair', id], queryFn: () => lab.pairs.get.query({ id }) })
}

export function PairDetail({ id, ...rest }: Props) {
  const { data, error } = useQuery(pairQuery(id))
  if (error !== null) return <Failure error={error} />
  return data === undefined ? null : <Opened key={id} {...data} {...rest} />
}

type OpenedProps = Answers['pairs']['get'] & Omit<Props, 'id'>

function Opened({ pair, chosen, rejected, correct, judge, swap, draft, onDraft }: OpenedProps) {
  const { t } = useTranslation()
  const editing = draft !== null
  const note = useRef<HTMLInputElement>(null)
  useKeys(editing ? [] : [['N', () => note.current?.focus()]])
  return (
    <div className={classes.detail}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <h2 className={classes.title}>{t('pairs.title', { id: pair.id, task: taskName(t, pair.task) })}</h2>
          {isPlayed(pair) && <span className="soft">{t('pairs.place', { seed: pair.seed, step: pair.step + 1 })}</span>}
          <Marks pair={pair} />
        </Group>
        <Group gap="xs">
          <Button
            size="xs"
            variant={pair.reviewed && pair.keep ? 'filled' : 'default'}
            aria-pressed={pair.reviewed && pair.keep}
            leftSection={<Check size={14} aria-hidden />}
            aria-keyshortcuts="A"
            disabled={editing}
            onClick={() => judge('keep')}
          >
            {t('pairs.keep')}
          </Button>
          <Button
            size="xs"
            variant={pair.keep ? 'default' : 'filled'}
            aria-pressed={!pair.keep}
            leftSection={<X size={14} aria-hidden />}
            aria-keyshortcuts="D"
            disabled={editing}
            onClick={() => judge('drop')}
          >
            {t('pairs.drop')}
          </Button>
          <Button
            size="xs"
            variant="default"
            aria-pressed={pair.swapped}
            leftSection={<Repeat2 size={14} aria-hidden />}
            aria-keyshortcuts="S"
            disabled={editing}
            onClick={swap}
          >
            {t('pairs.swap')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<Pencil size={13} aria-hidden />}
            aria-keyshortcuts="E"
            aria-pressed={editing}
            onClick={() => onDraft(editing ? null : { id: pair.id, texts: null })}
          >
            {t('pairs.edit')}
          </Button>
        </Group>
      </Group>
      {editing ? (
        <Editor
          texts={draft.texts ?? pair}
          onTexts={(texts) => onDraft({ id: pair.id, texts })}
          onCancel={() => onDraft(null)}
          onSave={async ({ chosen, rejected }) => {
            if (await correct(pair.id, { kind: 'edit', chosen, rejected })) onDraft(null)
          }}
        />
      ) : (
        <>
          <div className={classes.answers}>
            <section>
              <h3 className="chosen">{t('pairs.chosen')}</h3>
              <Answer text={pair.chosen} against={pair.rejected} side="chosen" />
            </section>
            <section>
              <h3 className="rejected">{t('pairs.rejected')}</h3>
              <Answer text={pair.rejected} against={pair.chosen} side="rejected" />
            </section>
          </div>
          <PairTokens pair={pair} />
        </>
      )}
      <TextInput
        ref={note}
        key={pair.note}
        size="xs"
        leftSection={<NotebookPen size={14} aria-hidden />}
        aria-label={t('pairs.note')}
        placeholder={t('pairs.notePlaceholder')}
        defaultValue={pair.note}
        onBlur={(event) => {
          const text = event.currentTarget.value
          if (text !== pair.note) void correct(pair.id, { kind: 'note', note: text })
        }}
        onKeyDown={(event) => {
          const { key, nativeEvent } = event
          if ((key === 'Enter' || key === 'Escape') && !nativeEvent.isComposing) event.currentTarget.blur()
        }}
      />
      <Trajectories pair={pair} chosen={chosen} rejected={rejected} />
    </div>
  )
}

interface EditorProps {
  readonly texts: Texts
  readonly onTexts: (texts: Texts) => void
  readonly onCancel: () => void
  readonly onSave: (texts: Texts) => Promise<void>
}

function Editor({ texts, onTexts, onCancel, onSave }: EditorProps) {
  const { t } = useTranslation()
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector('textarea')?.focus(), [])
  const mine = (act: () => void) => (event: KeyboardEvent) => {
    // A click beside the fields leaves the focus nowhere; a dialog's keys are its own.
    const isHere = event.target === document.body || form.current?.contains(event.target as Node) === true
    if (isHere && !event.isComposing) act()
  }
  useHotkeys(
    [
      ['Escape', mine(onCancel)],
      ['mod+Enter', mine(() => void onSave(texts))],
    ],
    [],
  )
  const field = (side: 'chosen' | 'rejected') => (
    <Textarea
      autosize
      minRows={2}
      label={t(`pairs.${side}`)}
      classNames={{ input: 'mono', label: side }}
      value={texts[side]}
      onChange={(event) =>
        onTexts({ chosen: texts.chosen, rejected: texts.rejected, [side]: event.currentTarget.value })
      }
    />
  )
  return (
    <form
      ref={form}
      className={classes.editor}
      onSubmit={(event) => {
        event.preventDefault()
        void onSave(texts)
      }}
    >
      {field('chosen')}
      {field('rejected')}
      <Group gap="sm">
        <Button type="submit" size="xs">
          {t('app.save')}
        </Button>
        <Button size="xs" variant="default" onClick={onCancel}>
          {t('app.cancel')}
        </Button>
        <Text size="xs" c="dimmed">
          {t('pairs.editKeys')}
        </Text>
      </Group>
    </form>
  )
}

interface TrajectoriesProps {
  readonly pair: Answers['pairs']['get']['pair']
  readonly chosen: KeptEpisode | null
  readonly rejected: KeptEpisode | null
}

/** The two attempts, moved together. */
function Trajectories({ pair, chosen, rejected }: TrajectoriesProps) {
  const { t } = useTranslation()
  const [at, setAt] = useState(pair.step)
  const last = Math.max(chosen?.steps.length ?? 0, rejected?.steps.length ?? 0) - 1
  useKeys([
    ['ArrowLeft', () => setAt((before) => Math.max(0, before - 1))],
    ['ArrowRight', () => setAt((before) => Math.min(last, before + 1))],
  ])
  const side = (episode: KeptEpisode | null, which: 'chosen' | 'rejected') => {
    if (episode === null) {
      return (
        <section className={classes.side} data-side={which} aria-label={t(`pairs.${which}`)}>
          <Text c="dimmed">{t('pairs.elsewhere')}</Text>
        </section>
      )
    }
    const isAsPlayed = episode.steps[pair.step]?.completion === pair[which]
    const name = t(isAsPlayed ? 'pairs.attempt' : 'pairs.attemptBefore', { attempt: episode.attempt + 1 })
    return (
      <section className={classes.side} data-side={which} aria-label={name}>
        <h3 className={which}>{name}</h3>
        <KeptReplay episode={episode} at={at} onAt={setAt} alone={false} film={last > 0} />
      </section>
    )
  }
  const instruction = chosen?.instruction ?? rejected?.instruction
  return (
    <>
      {instruction !== undefined && <p className={classes.instruction}>{instruction}</p>}
      <div className={classes.answers}>
        {side(chosen, 'chosen')}
        {side(rejected, 'rejected')}
      </div>
    </>
  )
}
