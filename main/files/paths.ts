/** Paths of the project. Relative paths in the configuration start in the user's folder, wherever a command is run. */
import { relative, resolve } from 'node:path'

/** The program's own folder, with its code, its task pages and the model that it ships with. */
export const PROGRAM_ROOT = resolve(import.meta.dirname, '../..')

/**
 * The user's folder, with configuration, data, models and reports. It is the program's own folder, unless
 * DPO_DRIVER_HOME names another one: an installed program cannot write to its own folder.
 */
export const PROJECT_ROOT = resolve(process.env.DPO_DRIVER_HOME || PROGRAM_ROOT)

/** The absolute path for a path of the configuration. */
export function projectPath(path: string): string {
  return resolve(PROJECT_ROOT, path)
}

/** The form of a project path that errors show. */
export function shownPath(path: string): string {
  const inside = relative(PROJECT_ROOT, projectPath(path))
  return inside.startsWith('..') ? path : inside
}
