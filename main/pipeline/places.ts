/**
 * The files and folders outside the store that a command reads and writes. Before anything is computed, they are checked,
 * and kept from other commands.
 */
import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, parse } from 'node:path'
import type { Config } from '../config/schema.ts'
import { ADAPTER_FILES } from '../engine/adapter/adapter.ts'
import { nearestFolder, unwritable } from '../files/file.ts'
import { settleFolder } from '../files/folder.ts'
import { PROGRAM_ROOT, PROJECT_ROOT, projectPath, realPath, shownPath } from '../files/paths.ts'
import { removeUnfinished } from '../files/unfinished.ts'
import { UserError } from '../messages/error.ts'
import { lockPlace, removeLeftLock, type Use } from '../store/lock.ts'
import { runFolderOf } from './run-folder.ts'

const KINDS = {
  sft_data: 'file',
  preference_data: 'file',
  sft_adapter_path: 'folder',
  dpo_adapter_path: 'folder',
} as const
type Key = keyof typeof KINDS
const KEYS = Object.keys(KINDS) as Key[]

/** How a command uses places; those that it does not use are left out. */
export type Uses = Readonly<Partial<Record<Key, Use>>>

/**
 * Checks places, removes what killed writers left there, and locks them. Returns a function that releases them. Throws
 * UserError for the first place that cannot be used as the command does, and where another command uses some of them.
 */
export function takePlaces(config: Config, uses: Uses): () => void {
  const keys = KEYS.filter((key) => uses[key] !== undefined)
  // A killed command may have used other places than this one.
  for (const key of KEYS) removeLeftLock(projectPath(config.paths[key]))
  for (const key of keys) check(config, key, uses[key] === 'write')
  const taken = keys.map((key) => ({ key, release: lockPlace(projectPath(config.paths[key]), uses[key] ?? 'read') }))
  const release = () => {
    for (const one of taken) one.release?.()
  }
  const busy = taken.flatMap((one) => (one.release === null ? [one.key] : []))
  if (busy.length > 0) {
    release()
    const places = busy.map((key) => shownPath(config.paths[key]))
    throw new UserError('placesAtWork', { places, keys: busy.map((key) => `paths.${key}`) })
  }
  for (const key of keys) if (uses[key] === 'write') tidy(projectPath(config.paths[key]), KINDS[key])
  return release
}

function check(config: Config, key: Key, isWritten: boolean): void {
  const given = config.paths[key]
  const values = { key: `paths.${key}`, path: shownPath(given) }
  const place = realPath(projectPath(given))
  const there = statSync(place, { throwIfNoEntry: false })
  if (there !== undefined && !fits(there, KINDS[key])) {
    throw new UserError(KINDS[key] === 'folder' ? 'placeNotAFolder' : 'placeNotAFile', values)
  }
  if (!isWritten) return
  const other = ([...KEYS, 'store'] as const).find(
    (one) => one !== key && realPath(projectPath(config.paths[one])) === place,
  )
  if (other !== undefined) throw new UserError('placesSame', { ...values, other: `paths.${other}` })
  if (KINDS[key] === 'folder') checkFolder(place, values)
  // Golden samples may be complete already, and are then only read.
  if (key !== 'sft_data') checkWritable(KINDS[key] === 'folder' ? place : dirname(place))
}

/** Throws UserError for a folder into which an adapter must not be written. */
function checkFolder(folder: string, values: { readonly key: string; readonly path: string }): void {
  const homes = [PROGRAM_ROOT, PROJECT_ROOT, homedir()].map((path) => realPath(path))
  if (folder === parse(folder).root || homes.some((home) => home === folder || home.startsWith(join(folder, '/')))) {
    throw new UserError('folderOfOthers', values)
  }
  // Libraries that load a model with an adapter beside it apply the adapter by themselves.
  if (MODEL_FILES.some((name) => existsSync(join(folder, name)))) throw new UserError('folderOfModel', values)
  const run = runFolderOf(folder)
  if (run !== null) throw new UserError('folderOfRun', { ...values, run: shownPath(run) })
  for (const name of ADAPTER_FILES) {
    const file = join(folder, name)
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new UserError('fileInTheWay', { path: file })
  }
}

const MODEL_FILES = ['config.json', 'model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin']

/** Throws UserError where nothing can be written into a folder, or into the nearest one above that exists. */
export function checkWritable(folder: string): void {
  const there = nearestFolder(folder)
  try {
    if (!statSync(there).isDirectory()) throw new UserError('fileInTheWay', { path: there })
    accessSync(there, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unwritable(folder, error)
  }
}

/** A device may be in the place of a file. A pipe may not: reading and writing would wait for the other end. */
function fits(there: Stats, kind: 'file' | 'folder'): boolean {
  return kind === 'folder' ? there.isDirectory() : there.isFile() || there.isCharacterDevice()
}

function tidy(path: string, kind: 'file' | 'folder'): void {
  if (kind === 'folder') settleFolder(path)
  else removeUnfinished(dirname(realPath(path)))
}
