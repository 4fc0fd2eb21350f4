/** One setting: its explanation, its default, and its input. */
import { Anchor, NativeSelect, Switch, TagsInput, TextInput } from '@mantine/core'
import type { TFunction } from 'i18next'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { Field } from '../../lab.ts'
import { openPanel } from '../../shell/commands.ts'
import { FolderChooser } from '../folder-chooser.tsx'
import { wrongWith } from './draft.ts'
import { isDefault, isFolder, kindOf, nameOf, optionsOf } from './field.ts'
import classes from './settings-form.module.css'

interface Props {
  readonly field: Field
  /** The task names that lists of tasks can hold. */
  readonly tasks: readonly string[]
  readonly content: unknown
  readonly onChange: (content: unknown) => void
  /** What to do where another window has saved another value since this one began to be typed; null where none has. */
  readonly conflict: Conflict | null
}

interface Conflict {
  readonly take: () => void
  readonly keep: () => void
}

export function Setting({ field, tasks, content, onChange, conflict }: Props) {
  const { t } = useTranslation()
  const wrong = wrongWith(field, content, tasks)
  const common = {
    label: <Name field={field} isTyped={JSON.stringify(content) !== JSON.stringify(field.value)} />,
    // The inputs of a row stand at one height, however long their explanations are.
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[],
    description: <Explanation field={field} onDefault={() => onChange(field.default)} />,
    error:
      conflict !== null ? (
        <Conflicting value={field.value} {...conflict} />
      ) : wrong === null ? undefined : (
        t(`form.wrong.${wrong.why}`, { ...wrong })
      ),
  }
  switch (kindOf(field)) {
    case 'switch':
      return (
        <Switch
          label={common.label}
          description={common.description}
          error={common.error}
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
          // Enter adds what is typed. A second one must not save the form.
          wrapperProps={{ onKeyDown: (event: KeyboardEvent) => event.key === 'Enter' && event.preventDefault() }}
          data={[...field.words, ...(field.choices ?? tasks)]}
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

/** The setting's name and its key, and whether it is changed: typed and not saved, or not the default. */
function Name({ field, isTyped }: { readonly field: Field; readonly isTyped: boolean }) {
  const { t, i18n } = useTranslation()
  const mark = isTyped ? 'typed' : isDefault(field) ? null : 'changed'
  return (
    <>
      {nameOf(i18n, field)} <span className={classes.key}>{field.key}</span>
      {mark !== null && (
        <span className={classes.mark} data-mark={mark}>
          {t(`form.${mark}`)}
        </span>
      )}
    </>
  )
}

/** The explanation of the setting, and a link to its default where the value differs from it. */
function Explanation({ field, onDefault }: { readonly field: Field; readonly onDefault: () => void }) {
  const { t, i18n } = useTranslation()
  // The project's own explanations are English. A language may have its own.
  const own = i18n.getResourceBundle(i18n.language, 'fields') as Readonly<Record<string, string>> | undefined
  const back = t('form.default', { value: written(t, field.default) })
  return (
    <>
      {[own?.[field.key] ?? field.explanation, boundsOf(t, field)].filter((text) => text !== '').join(t('app.apart'))}
      {field.key === 'model.base_model_name' && (
        <>
          {t('app.apart')}
          <Anchor component="button" type="button" size="xs" underline="always" onClick={() => openPanel('models')}>
            {t('models.choose')}
          </Anchor>
        </>
      )}
      {!isDefault(field) && (
        <>
          {t('app.apart')}
          <Anchor
            component="button"
            type="button"
            size="xs"
            underline="always"
            aria-label={t('form.defaultOf', { name: nameOf(i18n, field), back })}
            onClick={onDefault}
          >
            {back}
          </Anchor>
        </>
      )}
    </>
  )
}

/** The numbers that the setting takes, in words; '' where any number will do, and for other types. */
function boundsOf(t: TFunction, { type, min, max, above }: Field): string {
  if (type !== 'integer' && type !== 'number') return ''
  const least = min ?? above
  if (least === null || max === null) return ''
  return t(min === null ? 'form.boundsAbove' : 'form.bounds', { least, most: max })
}

/** Says that another window has saved another value, and offers both. */
function Conflicting({ value, take, keep }: Conflict & { readonly value: unknown }) {
  const { t } = useTranslation()
  const offer = (label: string, choose: () => void) => (
    <Anchor component="button" type="button" size="xs" underline="always" onClick={choose}>
      {label}
    </Anchor>
  )
  return (
    <>
      {t('form.conflict', { value: written(t, value) })} {offer(t('form.take'), take)} · {offer(t('form.keep'), keep)}
    </>
  )
}

/** A value as text; of a list only its length. */
function written(t: TFunction, value: unknown): string {
  if (value === null) return t('form.none')
  return Array.isArray(value) ? t('form.entries', { count: value.length }) : String(value)
}
