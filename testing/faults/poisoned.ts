/** The environment of a program that a problem kills. */
import { pathToFileURL } from 'node:url'
import { projectPath } from '../../main/files/paths.ts'

/** The variable that names the problem. */
export const POISON = 'DPO_DRIVER_TESTS_POISON'

export function poisonedBy({ task, seed }: { readonly task: string; readonly seed: number }): Record<string, string> {
  const preload = pathToFileURL(projectPath('testing/faults/poison.ts')).href
  return { NODE_OPTIONS: `--import=${preload}`, [POISON]: `${task} ${seed}` }
}
