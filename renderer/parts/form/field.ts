/** What the form has to know of a key of the configuration. */
import type { Field } from '../../lab.ts'

/** Keys that name a folder of the user's. */
const FOLDERS = /^(environment\.(miniwob|tasks_dir)|model\.base_model_name)$/

/** Whether its value can be a folder that is chosen. */
export function isFolder({ key }: Pick<Field, 'key'>): boolean {
  return FOLDERS.test(key)
}

/** The last part of its key: the group stands above. */
export function nameOf({ key }: Pick<Field, 'key'>): string {
  return key.split('.').at(-1)!
}

/** The input that fits its values. */
export function kindOf({ type, words }: Pick<Field, 'type' | 'words'>): 'switch' | 'choice' | 'list' | 'text' {
  if (type === 'boolean') return words.length === 0 ? 'switch' : 'choice'
  return type === 'choice' || type === 'list' ? type : 'text'
}

/** The values of a choice; of one between yes and no that also takes words, these first. */
export function optionsOf({ type, words, choices }: Pick<Field, 'type' | 'words' | 'choices'>): string[] {
  return type === 'boolean' ? [...words, 'true', 'false'] : [...words, ...(choices ?? [])]
}
