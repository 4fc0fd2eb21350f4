/** How the form shows a key of the configuration. */
import type { Field } from '../../lab.ts'

/** Keys whose value is a folder of the user. */
const FOLDERS = /^(environment\.(miniwob|tasks_dir)|model\.base_model_name)$/

/** Whether the value can be chosen as a folder. */
export function isFolder({ key }: Pick<Field, 'key'>): boolean {
  return FOLDERS.test(key)
}

/** The last part of the key. The group's heading shows the rest. */
export function nameOf({ key }: Pick<Field, 'key'>): string {
  return key.split('.').at(-1)!
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
