/** A place that the command line names to write to. It must not be one that the configuration has for something else. */
import { statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Config } from '../config/schema.ts'
import { ADAPTER_FILES } from '../engine/adapter/adapter.ts'
import { resolveModel } from '../engine/load.ts'
import { REPORT_FILES } from '../evaluation/report.ts'
import { namesIn } from '../files/names.ts'
import { projectPath, realPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { miniwobFolder } from './resources.ts'
import { MARK, runFolderOf } from './run-folder.ts'

/** Absolute paths by the keys that name them. */
type Places = Readonly<Record<string, string>>

/**
 * Throws UserError where a file to write is a configured place, belongs to one, or is above one, also by way of links, and
 * where something else than a file, a pipe or a device is there. `more` are places that are not in `paths`.
 */
export function refuseOutputFile(config: Config, given: string, more: Places): void {
  const file = resolve(given)
  const there = statSync(file, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile() && !there.isFIFO() && !there.isCharacterDevice()) {
    throw new UserError('fileInTheWay', { path: shownPath(file) })
  }
  const places = { ...filesOf(config), ...foldersOf(config), ...more }
  const names = spellings(file)
  for (const [key, place] of Object.entries(places)) {
    const isTaken = besides(key, place).some((one) => isSame(file, one)) || names.some((name) => isAbove(name, place))
    if (isTaken) refuse(file, key, place)
  }
  for (const [key, folder] of Object.entries({ ...foldersOf(config), ...more })) {
    if (key === 'paths.reports') continue
    const isInside =
      names.some((name) => isAbove(folder, name)) || namesIn(folder).some((name) => isSame(file, join(folder, name)))
    if (isInside) refuse(file, key, folder)
  }
  if (names.some((name) => isOfReports(projectPath(config.paths.reports), name))) {
    refuse(file, 'paths.reports', projectPath(config.paths.reports))
  }
}

/** Throws UserError where a folder to fill is a configured place. One that holds something is left to who fills it. */
export function refuseOutputFolder(config: Config, folder: string, more: Places): void {
  if (namesIn(folder).length > 0) return
  for (const [key, place] of Object.entries({ ...filesOf(config), ...foldersOf(config), ...more })) {
    if (isSame(folder, place)) refuse(folder, key, place)
  }
}

/** Whether two paths are one place. Links, and letters where the system does not tell them apart, make no difference. */
export function isSame(path: string, other: string): boolean {
  if (realPath(path) === realPath(other)) return true
  const [one, two] = [path, other].map((name) => statSync(name, { bigint: true, throwIfNoEntry: false }))
  return one !== undefined && two !== undefined && one.ino === two.ino && one.dev === two.dev
}

function filesOf({ paths }: Config): Places {
  return {
    'paths.store': projectPath(paths.store),
    'paths.sft_data': projectPath(paths.sft_data),
    'paths.preference_data': projectPath(paths.preference_data),
  }
}

function foldersOf(config: Config): Places {
  const { paths, environment, model } = config
  const own = {
    'model.base_model_name': found(() => resolveModel(model.base_model_name)),
    'environment.miniwob': found(() => miniwobFolder(config)),
    'environment.tasks_dir': environment.tasks_dir === null ? undefined : projectPath(environment.tasks_dir),
  }
  return {
    'paths.sft_adapter_path': projectPath(paths.sft_adapter_path),
    'paths.dpo_adapter_path': projectPath(paths.dpo_adapter_path),
    'paths.reports': projectPath(paths.reports),
    ...Object.fromEntries(Object.entries(own).flatMap(([key, path]) => (path === undefined ? [] : [[key, path]]))),
  }
}

/** A place that may be missing. Who reads it says so. */
function found(find: () => string | undefined): string | undefined {
  try {
    return find()
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

/** A place with the files that SQLite and locks keep beside it. */
function besides(key: string, place: string): string[] {
  const real = realPath(place)
  const ends = key === 'paths.store' ? ['-wal', '-shm', '-journal', '-lock'] : ['-lock', '.lock']
  return [place, ...ends.map((end) => real + end)]
}

/** The names of a file without links to its folder: with the link that it may be itself, and with where that leads. */
function spellings(file: string): string[] {
  return [join(realPath(dirname(file)), basename(file)), realPath(file)]
}

function isAbove(folder: string, path: string): boolean {
  const real = realPath(path)
  for (let above = dirname(path); above !== dirname(above); above = dirname(above))
    if (isSame(above, folder)) return true
  return real.startsWith(realPath(folder) + sep)
}

/** Whether a file in the folder of reports is the lab's own: a run's mark, report, adapter or lock. */
function isOfReports(reports: string, file: string): boolean {
  if (isSame(dirname(file), reports) && file.endsWith('-lock')) return true
  const own: readonly string[] = [MARK, ...REPORT_FILES, ...ADAPTER_FILES]
  return runFolderOf(file) !== null && (own.includes(basename(file)) || dirname(file).endsWith('_adapter'))
}

function refuse(path: string, key: string, place: string): never {
  throw new UserError('outputOnPlace', { path: shownPath(path), key, place: shownPath(place) })
}
