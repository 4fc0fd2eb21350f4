/** Text fields for the two answers of a pair. */
import { Button, Group, Text, Textarea } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { type RefObject, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Texts } from '../../state/pair-drafts.ts'
import classes from './pairs.module.css'

interface Props {
  readonly texts: Texts
  readonly onTexts: (texts: Texts) => void
  readonly onCancel: () => void
  readonly onSave: (texts: Texts) => Promise<void>
}

export function PairEditor({ texts, onTexts, onCancel, onSave }: Props) {
  const { t } = useTranslation()
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector('textarea')?.focus(), [])
  useEditorKeys(form, { onCancel, onSave: () => void onSave(texts) })
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

/** Escape cancels and Ctrl+Enter saves, wherever the focus is in the editor. */
function useEditorKeys(
  form: RefObject<HTMLFormElement | null>,
  { onCancel, onSave }: { readonly onCancel: () => void; readonly onSave: () => void },
): void {
  const ofEditor = (act: () => void) => (event: KeyboardEvent) => {
    // A click beside the fields leaves the focus nowhere, so the keys count there too. A dialog has keys of its own.
    const isHere = event.target === document.body || form.current?.contains(event.target as Node) === true
    if (isHere && !event.isComposing) act()
  }
  useHotkeys(
    [
      ['Escape', ofEditor(onCancel)],
      ['mod+Enter', ofEditor(onSave)],
    ],
    [],
  )
}
