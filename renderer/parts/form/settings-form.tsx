/**
 * A form of settings, each with its explanation, default and bounds. Settings that beginners do not need are folded
 * away.
 */
import { Button, Group } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Field } from '../../lab.ts'
import { changes, wrongWith } from './draft.ts'
import { discardDraft, draftField, useDraft } from './draft-store.ts'
import { Setting } from './setting.tsx'
import classes from './settings-form.module.css'

interface Props {
  readonly fields: readonly Field[]
  /** The task names that lists of tasks can hold. */
  readonly tasks: readonly string[]
  /** Writes the changed values. Throws the lab's error where it refuses them. */
  readonly save: (values: Record<string, unknown>) => Promise<void>
}

export function SettingsForm({ fields, tasks, save }: Props) {
  const { t } = useTranslation()
  const { draft } = useDraft()
  const [saving, setSaving] = useState(false)
  const changed = changes(fields, draft)
  const count = Object.keys(changed).length
  const wrong = fields.some((field) => field.key in draft && wrongWith(field, draft[field.key]) !== null)
  const discard = () => discardDraft(fields.map(({ key }) => key))
  const submit = async () => {
    setSaving(true)
    try {
      await save(changed)
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
      onChange={(content) => draftField(field.key, content)}
    />
  )
  const advanced = fields.filter((field) => field.advanced)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!wrong && count > 0) void submit()
      }}
    >
      <div className={classes.grid}>{fields.filter((field) => !field.advanced).map(settingOf)}</div>
      {advanced.length > 0 && (
        <details className={classes.advanced}>
          <summary>{t('form.advanced', { count: advanced.length })}</summary>
          <div className={classes.grid}>{advanced.map(settingOf)}</div>
        </details>
      )}
      {count > 0 && (
        <Group className={classes.bar!} gap="sm">
          <Button type="submit" loading={saving} disabled={wrong}>
            {t('form.save', { count })}
          </Button>
          <Button variant="default" onClick={discard}>
            {t('form.discard')}
          </Button>
          <span className="soft">{t('form.next')}</span>
        </Group>
      )}
    </form>
  )
}
