/** Where the project's own folder is: relative paths of the configuration start there, wherever a command is run. */
import { resolve } from 'node:path'

export const PROJECT_ROOT = resolve(import.meta.dirname, '../..')

/** The absolute form of a path from the configuration. */
export function projectPath(path: string): string {
  return resolve(PROJECT_ROOT, path)
}
