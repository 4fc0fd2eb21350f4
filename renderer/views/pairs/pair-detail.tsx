/** One pair: its two answers with their differences, and the two attempts that they come from. */
import { Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { memo, useDeferredValue, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { Answers } from '../../lab.ts'
import { Answer } from '../../parts/answer.tsx'
import { useKeys } from '../../parts/keys.ts'
import { Failure } from '../../shell/failure.tsx'
import type { PairDraft } from '../../state/pair-drafts.ts'
import { Attempts } from './attempts.tsx'
import { isWanted } from './doubt.ts'
import type { Verdicts } from './judging.ts'
import { Marks } from './marks.tsx'
import { NoteField } from './note-field.tsx'
import type { PairActions } from './pair-actions.ts'
import { PairButtons } from './pair-buttons.tsx'
import { PairEditor } from './pair-editor.tsx'
import { pairQuery } from './pair-query.ts'
import { PairTokens } from './pair-tokens.tsx'
import classes from './pairs.module.css'
import { isPlayed } from './played.ts'
import type { Review } from './review.ts'
import { taskName } from './task-name.ts'

interface Props {
  readonly id: number
  readonly correct: Review['correct']
  /** What the annotator thinks; null for the reviewer. */
  readonly verdicts: Verdicts | null
  readonly actions: PairActions
  /** The edit in progress; null where there is none. */
  readonly draft: PairDraft | null
  readonly onDraft: (draft: PairDraft | null) => void
}

export const PairDetail = memo(function PairDetail({ id, ...rest }: Props) {
  const { data, error } = useQuery(pairQuery(id))
  // What arrives from the lab would else be drawn in one go.
  const shown = useDeferredValue(data)
  if (error !== null) return <Failure error={error} />
  return shown === undefined || shown.pair.id !== id ? null : <LoadedPair key={id} {...shown} {...rest} />
})

type Pair = Answers['pairs']['get']['pair']
type LoadedPairProps = Answers['pairs']['get'] & Omit<Props, 'id'>

const LoadedPair = memo(function LoadedPair(props: LoadedPairProps) {
  const { pair, chosen, rejected, doubt, correct, verdicts, actions, draft, onDraft } = props
  const { t } = useTranslation()
  const say = useSay()
  const editing = draft !== null
  const note = useRef<HTMLInputElement>(null)
  useKeys(editing ? [] : [['N', () => note.current?.focus()]])
  return (
    <div className={classes.detail}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <h2 className={classes.title}>{t('pairs.title', { id: pair.id, task: taskName(t, pair.task) })}</h2>
          {isPlayed(pair) && <span className="soft">{t('pairs.place', { seed: pair.seed, step: pair.step + 1 })}</span>}
          <Marks pair={pair} verdicts={verdicts} />
        </Group>
        <PairButtons
          pair={pair}
          editing={editing}
          verdict={verdicts === null ? null : verdicts[pair.id]}
          actions={actions}
          onEdit={() => onDraft(editing ? null : { id: pair.id, texts: null })}
        />
      </Group>
      {editing ? (
        <PairEditor
          texts={draft.texts ?? pair}
          onTexts={(texts) => onDraft({ id: pair.id, texts })}
          onCancel={() => onDraft(null)}
          onSave={async ({ chosen, rejected }) => {
            if (!(await isWanted(pair, chosen, say))) return
            if (await correct(pair.id, { kind: 'edit', chosen, rejected })) onDraft(null)
          }}
        />
      ) : (
        <PairTexts pair={pair} doubt={doubt} />
      )}
      {verdicts === null && (
        <NoteField ref={note} note={pair.note} onSave={(text) => void correct(pair.id, { kind: 'note', note: text })} />
      )}
      <Attempts pair={pair} chosen={chosen} rejected={rejected} />
    </div>
  )
})

/** The two answers side by side. Each is marked where it differs from the other. `doubt` is about the chosen one. */
function PairTexts({ pair, doubt }: Pick<Answers['pairs']['get'], 'doubt'> & { readonly pair: Pair }) {
  const { t } = useTranslation()
  const say = useSay()
  return (
    <>
      <div className={classes.answers}>
        <section>
          <h3 className="chosen">{t('pairs.chosen')}</h3>
          <Answer text={pair.chosen} against={pair.rejected} side="chosen" />
          {doubt !== null && <p role="note">{say(doubt)}</p>}
        </section>
        <section>
          <h3 className="rejected">{t('pairs.rejected')}</h3>
          <Answer text={pair.rejected} against={pair.chosen} side="rejected" />
        </section>
      </div>
      <PairTokens pair={pair} />
    </>
  )
}
