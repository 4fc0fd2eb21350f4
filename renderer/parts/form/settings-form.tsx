/** Settings as a form: each with what it means, its default and its bounds; what beginners can leave alone is folded. */
import { Anchor, Button, Group, NativeSelect, Switch, TagsInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Field } from '../../lab.ts'
import { FolderChooser } from '../folder-chooser.tsx'
import { changes, wrongWith } from './draft.ts'
import { discardDraft, draftField, useDraft } from './draft-store.ts'
import classes from './settings-form.module.css'

interface Props {
  readonly fields: readonly Field[]
  /** Names that lists of tasks can hold. */
  readonly tasks: readonly string[]
  /** Writes the changed values; throws with a sentence where they were refused. */
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
  const shown = (field: Field) => (
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
      <div className={classes.grid}>{fields.filter((field) => !field.advanced).map(shown)}</div>
      {advanced.length > 0 && (
        <details className={classes.advanced}>
          <summary>{t('form.advanced', { count: advanced.length })}</summary>
          <div className={classes.grid}>{advanced.map(shown)}</div>
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

interface SettingProps {
  readonly field: Field
  readonly tasks: readonly string[]
  readonly content: unknown
  readonly onChange: (content: unknown) => void
}

function Setting({ field, tasks, content, onChange }: SettingProps) {
  const { t, i18n } = useTranslation()
  const wrong = wrongWith(field, content)
  const error = wrong === null ? undefined : t(`form.wrong.${wrong.why}`, { limit: wrong.limit })
  const atDefault = JSON.stringify(field.default) === JSON.stringify(field.value)
  // The project's own explanations are English; a language may bring its own.
  const own = i18n.getResourceBundle(i18n.language, 'fields') as Readonly<Record<string, string>> | undefined
  const explanation = own?.[field.key] ?? field.explanation
  const name = field.key.split('.').at(-1)
  const back = t('form.default', { value: written(field.default) })
  const common = {
    label: <span className={classes.key}>{name}</span>,
    description: (
      <>
        {explanation}
        {!atDefault && (
          <>
            {' '}
            <Anchor
              component="button"
              type="button"
              size="xs"
              underline="always"
              aria-label={t('form.defaultOf', { name, back })}
              onClick={() => onChange(field.default)}
            >
              {back}
            </Anchor>
          </>
        )}
      </>
    ),
    error,
  }
  if (field.type === 'boolean' && field.words.length === 0) {
    return (
      <Switch
        label={common.label}
        description={common.description}
        checked={content === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  }
  if (field.type === 'choice' || field.type === 'boolean') {
    return (
      <NativeSelect
        {...common}
        data={field.type === 'boolean' ? [...field.words, 'true', 'false'] : [...field.words, ...(field.choices ?? [])]}
        value={String(content)}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  if (field.type === 'list') {
    return (
      <TagsInput
        {...common}
        className={classes.wide!}
        data={[...(field.choices ?? tasks)]}
        value={Array.isArray(content) ? content.map(String) : []}
        placeholder={field.nullable && content === null ? t('form.asAbove') : ''}
        onChange={onChange}
        clearable
        maxDropdownHeight={240}
      />
    )
  }
  return (
    <TextInput
      {...common}
      value={content === null ? '' : String(content)}
      placeholder={field.nullable ? t('form.none') : ''}
      rightSection={PATHS.test(field.key) ? <FolderChooser title={field.key} onChoose={onChange} /> : undefined}
      inputMode={field.type === 'text' || field.words.length > 0 ? 'text' : 'decimal'}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

/** Keys that name a folder of the user's. */
const PATHS = /^(environment\.(miniwob|tasks_dir)|model\.base_model_name)$/

function written(value: unknown): string {
  return Array.isArray(value) ? `${value.length}` : String(value)
}
