/** What is done to many pairs at once: to the marked ones, or to all that are listed. */
import { Button, Group, Menu, Modal, Textarea } from '@mantine/core'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tell } from '../../shell/notices.tsx'
import type { PairFilter } from './filter.ts'
import type { PairActions } from './pair-actions.ts'
import type { Action, Review } from './review.ts'

interface Props {
  /** The pairs that are listed. */
  readonly filter: PairFilter
  readonly total: number
  readonly marked: ReadonlySet<number>
  readonly onUnmark: () => void
  readonly review: Pick<Review, 'annotator' | 'actOnMany'>
  readonly revert: PairActions['revert']
}

export function Bulk({ filter, total, marked, onUnmark, review: { annotator, actOnMany }, revert }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [noting, setNoting] = useState(false)
  const some = marked.size > 0 ? { ids: [...marked] } : filter
  const count = marked.size > 0 ? marked.size : total
  const act = async (action: Action) => {
    const done = await actOnMany(some, action)
    if (done === null) return
    const { pairs, step } = done
    tell(
      t('pairs.bulk.done', { count: pairs, action: t(`pairs.action.${action.kind}`) }),
      () => void revert('undo', step),
    )
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
