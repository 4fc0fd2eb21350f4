/**
 * A form of settings, each with its explanation, default and bounds. Settings that beginners do not need are folded
 * away.
 */
import { Button, Group } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Field } from '../../lab.ts'
import { useWriteLock } from '../write-lock.ts'
import { changes, conflicts, savedBefore, wrongWith } from './draft.ts'
import { discardDraft, draftField, keepDraft, useDraft } from './draft-store.ts'
import { Setting } from './setting.tsx'
import classes from './settings-form.module.css'

interface Props {
  readonly fields: readonly Field[]
  /** The task names that lists of tasks can hold. */
  readonly tasks: readonly string[]
  /** The heading of the settings that are folded away; by default it says that they are advanced. */
  readonly more?: (count: number) => string
  /**
   * Writes the changed values, where those of `before` are still what is saved. Throws the lab's error where it refuses them.
   */
  readonly save: (values: Record<string, unknown>, before: Readonly<Record<string, unknown>>) => Promise<void>
}

export function SettingsForm({ fields, tasks, more, save }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { draft, saved } = useDraft()
  const [saving, setSaving] = useState(false)
  const changed = changes(fields, draft)
  const count = Object.keys(changed).length
  const wrong = fields.some((field) => field.key in draft && wrongWith(field, draft[field.key], tasks) !== null)
  const conflicting = conflicts(fields, draft, saved)
  const ready = !wrong && conflicting.length === 0
  const discard = () => discardDraft(fields.map(({ key }) => key))
  const submit = async () => {
    setSaving(true)
    try {
      await save(changed, savedBefore(Object.keys(changed), saved))
      discard()
    } finally {
      setSaving(false)
    }
  }
  const settingOf = (field: Field) => (
    <Setting
      key={field.key}
      field={field}
      tasks={tasks}
      content={field.key in draft ? draft[field.key] : field.value}
      onChange={(content) => draftField(field, content)}
      conflict={
        conflicting.includes(field.key) ? { take: () => discardDraft([field.key]), keep: () => keepDraft(field) } : null
      }
    />
  )
  const advanced = fields.filter((field) => field.advanced)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (ready && count > 0) void submit()
      }}
    >
      <fieldset className={classes.grid} {...lock}>
        {fields.filter((field) => !field.advanced).map(settingOf)}
      </fieldset>
      {advanced.length > 0 && (
        <details className={classes.advanced}>
          <summary>{more?.(advanced.length) ?? t('form.advanced', { count: advanced.length })}</summary>
          <fieldset className={classes.grid} {...lock}>
            {advanced.map(settingOf)}
          </fieldset>
        </details>
      )}
      {count > 0 && (
        <Group className={classes.bar!} gap="sm">
          <Button type="submit" loading={saving} disabled={!ready}>
            {t('form.save', { count })}
          </Button>
          <Button variant="default" onClick={discard}>
            {t('form.discard')}
          </Button>
          <span className="soft">{t(conflicting.length > 0 ? 'form.conflicts' : 'form.next')}</span>
        </Group>
      )}
    </form>
  )
}
