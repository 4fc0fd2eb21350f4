/** The note of a pair. It is saved when the field loses the focus. */
import { TextInput } from '@mantine/core'
import { NotebookPen } from 'lucide-react'
import type { Ref } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteLock } from '../../parts/write-lock.ts'

interface Props {
  readonly ref: Ref<HTMLInputElement>
  readonly note: string
  readonly onSave: (note: string) => void
}

export function NoteField({ ref, note, onSave }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  return (
    <TextInput
      ref={ref}
      key={note}
      size="xs"
      leftSection={<NotebookPen size={14} aria-hidden />}
      aria-label={t('pairs.note')}
      placeholder={t('pairs.notePlaceholder')}
      defaultValue={note}
      onBlur={({ currentTarget: { value } }) => {
        if (value !== note) onSave(value)
      }}
      onKeyDown={(event) => {
        const { key, nativeEvent } = event
        if ((key === 'Enter' || key === 'Escape') && !nativeEvent.isComposing) event.currentTarget.blur()
      }}
      {...lock}
    />
  )
}
