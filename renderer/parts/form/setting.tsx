/** One setting: its explanation, its default, and its input. */
import { Anchor, NativeSelect, Switch, TagsInput, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Field } from '../../lab.ts'
import { openPanel } from '../../shell/commands.ts'
import { FolderChooser } from '../folder-chooser.tsx'
import { wrongWith } from './draft.ts'
import { isFolder, kindOf, nameOf, optionsOf } from './field.ts'
import classes from './settings-form.module.css'

interface Props {
  readonly field: Field
  /** The task names that lists of tasks can hold. */
  readonly tasks: readonly string[]
  readonly content: unknown
  readonly onChange: (content: unknown) => void
}

export function Setting({ field, tasks, content, onChange }: Props) {
  const { t } = useTranslation()
  const wrong = wrongWith(field, content)
  const common = {
    label: <span className={classes.key}>{nameOf(field)}</span>,
    description: <Explanation field={field} onDefault={() => onChange(field.default)} />,
    error: wrong === null ? undefined : t(`form.wrong.${wrong.why}`, { limit: wrong.limit }),
  }
  switch (kindOf(field)) {
    case 'switch':
      return (
        <Switch
          label={common.label}
          description={common.description}
          checked={content === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <NativeSelect
          {...common}
          data={optionsOf(field)}
          value={String(content)}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'list':
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
    case 'text':
      return (
        <TextInput
          {...common}
          value={content === null ? '' : String(content)}
          placeholder={field.nullable ? t('form.none') : ''}
          rightSection={isFolder(field) ? <FolderChooser title={field.key} onChoose={onChange} /> : undefined}
          inputMode={field.type === 'text' || field.words.length > 0 ? 'text' : 'decimal'}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
  }
}

/** The explanation of the setting, and a link to its default where the value differs from it. */
function Explanation({ field, onDefault }: { readonly field: Field; readonly onDefault: () => void }) {
  const { t, i18n } = useTranslation()
  // The project's own explanations are English. A language may have its own.
  const own = i18n.getResourceBundle(i18n.language, 'fields') as Readonly<Record<string, string>> | undefined
  const isDefault = JSON.stringify(field.default) === JSON.stringify(field.value)
  const back = t('form.default', { value: written(field.default) })
  return (
    <>
      {own?.[field.key] ?? field.explanation}
      {field.key === 'model.base_model_name' && (
        <>
          {' '}
          <Anchor component="button" type="button" size="xs" underline="always" onClick={() => openPanel('models')}>
            {t('models.choose')}
          </Anchor>
        </>
      )}
      {!isDefault && (
        <>
          {' '}
          <Anchor
            component="button"
            type="button"
            size="xs"
            underline="always"
            aria-label={t('form.defaultOf', { name: nameOf(field), back })}
            onClick={onDefault}
          >
            {back}
          </Anchor>
        </>
      )}
    </>
  )
}

/** The default as text; of a list only its length. */
function written(value: unknown): string {
  return Array.isArray(value) ? `${value.length}` : String(value)
}
