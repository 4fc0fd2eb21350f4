/** Where things are: relative paths of the configuration start in the user's folder, wherever a command is run. */
import { relative, resolve } from 'node:path'

/** The program's own folder, with its code, its task pages and the model that ships with it. */
export const PROGRAM_ROOT = resolve(import.meta.dirname, '../..')

/**
 * The user's folder: configuration, data, models, reports. It is the program's own folder, unless DPO_DRIVER_HOME names
 * another: an installed program cannot write to its own.
 */
export const PROJECT_ROOT = resolve(process.env.DPO_DRIVER_HOME || PROGRAM_ROOT)

/** The absolute form of a path from the configuration. */
export function projectPath(path: string): string {
  return resolve(PROJECT_ROOT, path)
}

/** Path by which errors show a project file. */
export function shownPath(path: string): string {
  const inside = relative(PROJECT_ROOT, projectPath(path))
  return inside.startsWith('..') ? path : inside
}
