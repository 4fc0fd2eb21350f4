/** How the form shows a key of the configuration. */
import type { i18n } from 'i18next'
import type { Field } from '../../lab.ts'

/** Keys whose value is a folder of the user. */
const FOLDERS = /^(environment\.(miniwob|tasks_dir)|model\.base_model_name)$/

/** Whether the value can be chosen as a folder. */
export function isFolder({ key }: Pick<Field, 'key'>): boolean {
  return FOLDERS.test(key)
}

/** The setting's name in the reader's language; its key where it has none. */
export function nameOf(words: Pick<i18n, 'language' | 'getResourceBundle'>, { key }: Pick<Field, 'key'>): string {
  const names = words.getResourceBundle(words.language, 'names') as Readonly<Record<string, string>> | undefined
  return names?.[key] ?? key
}

/** Whether the saved value is the default. */
export function isDefault(field: Pick<Field, 'default' | 'value'>): boolean {
  return JSON.stringify(field.default) === JSON.stringify(field.value)
}

/** The input for the type of value. */
export function kindOf({ type, words }: Pick<Field, 'type' | 'words'>): 'switch' | 'choice' | 'list' | 'text' {
  if (type === 'boolean') return words.length === 0 ? 'switch' : 'choice'
  return type === 'choice' || type === 'list' ? type : 'text'
}

/** The values of a choice. Where a yes-or-no setting also takes words, the words come first. */
export function optionsOf({ type, words, choices }: Pick<Field, 'type' | 'words' | 'choices'>): string[] {
  return type === 'boolean' ? [...words, 'true', 'false'] : [...words, ...(choices ?? [])]
}
