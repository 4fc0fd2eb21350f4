/** Paths of the project. Relative paths in the configuration start in the user's folder, wherever a command is run. */
import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

/** The program's own folder, with its code, its task pages and the model that it ships with. */
export const PROGRAM_ROOT = resolve(import.meta.dirname, '../..')

/**
 * The same folder for others than Node, such as a browser. Electron's Node reads a packed program's archive like a folder; what
 * others read lies unpacked beside it.
 */
export const UNPACKED_ROOT = PROGRAM_ROOT.endsWith('.asar') ? `${PROGRAM_ROOT}.unpacked` : PROGRAM_ROOT

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
  return inside.startsWith('..') ? path : inside || '.'
}

/** The one name of a place, without links on the way to it. The place itself, or folders above it, may be missing. */
export function realPath(path: string, links = 40): string {
  const whole = resolve(path)
  try {
    return realpathSync(whole)
  } catch {
    const parent = dirname(whole)
    if (parent === whole || links === 0) return whole
    try {
      // A link to what does not exist yet.
      return realPath(resolve(parent, readlinkSync(whole)), links - 1)
    } catch {
      return join(realPath(parent, links), basename(whole))
    }
  }
}
