/** What is done to many pairs at once: to the marked ones, or to all that are listed. */
import { Button, Group, Menu, Modal, Textarea } from '@mantine/core'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import type { PairFilter } from './filter.ts'
import type { Action } from './review.ts'

interface Props {
  /** The pairs that are listed. */
  readonly filter: PairFilter
  readonly total: number
  readonly marked: ReadonlySet<number>
  readonly onUnmark: () => void
  /** Who judges; null for the reviewer, whose judgement is a correction. */
  readonly annotator: string | null
  /** Undoes the latest correction. */
  readonly onUndo: () => void
}

export function Bulk({ filter, total, marked, onUnmark, annotator, onUndo }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [noting, setNoting] = useState(false)
  const some = marked.size > 0 ? { ids: [...marked] } : filter
  const count = marked.size > 0 ? marked.size : total
  const act = async (action: Action) => {
    try {
      const { pairs } = await judgeMany(some, annotator, action)
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['pairs'] }),
        queries.invalidateQueries({ queryKey: ['pair'] }),
      ])
      tell(
        t('pairs.bulk.done', { count: pairs, action: t(`pairs.action.${action.kind}`) }),
        annotator === null ? onUndo : undefined,
      )
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <>
      <Menu position="bottom-start" shadow="md">
        <Menu.Target>
          <Button
            size="xs"
            variant="default"
            disabled={count === 0}
            rightSection={<ChevronDown size={14} aria-hidden />}
          >
            {t(marked.size > 0 ? 'pairs.bulk.marked' : 'pairs.bulk.listed', { count })}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void act({ kind: 'keep' })} {...lock}>
            {t('pairs.keep')}
          </Menu.Item>
          <Menu.Item onClick={() => void act({ kind: 'drop' })} {...lock}>
            {t('pairs.drop')}
          </Menu.Item>
          {annotator === null && (
            <Menu.Item onClick={() => setNoting(true)} {...lock}>
              {t('pairs.note')}
            </Menu.Item>
          )}
          {marked.size > 0 && <Menu.Item onClick={onUnmark}>{t('runs.unmark')}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={noting}
        onClose={() => setNoting(false)}
        title={t('pairs.bulk.note')}
        closeButtonProps={{ 'aria-label': t('app.close') }}
      >
        <NoteForm
          onSave={(note) => {
            setNoting(false)
            void act({ kind: 'note', note })
          }}
        />
      </Modal>
    </>
  )
}

type Some = Parameters<typeof lab.pairs.judge.mutate>[0]['some']

/** Corrects the pairs, or stores what the annotator thinks of them. */
export async function judgeMany(
  some: Some,
  annotator: string | null,
  action: Action,
): Promise<{ readonly pairs: number }> {
  if (annotator === null) return lab.pairs.editMany.mutate({ some, action })
  const { kind } = action
  if (kind !== 'keep' && kind !== 'drop' && kind !== 'swap') throw new Error(`An annotator does not ${kind}.`)
  return lab.pairs.judge.mutate({ some, annotator, verdict: kind })
}

function NoteForm({ onSave }: { readonly onSave: (note: string) => void }) {
  const { t } = useTranslation()
  const [note, setNote] = useState('')
  return (
    <>
      <Textarea
        size="xs"
        mb="sm"
        maxLength={20_000}
        aria-label={t('pairs.note')}
        data-autofocus
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Group>
        <Button size="xs" onClick={() => onSave(note)}>
          {t('pairs.bulk.saveNote')}
        </Button>
      </Group>
    </>
  )
}
