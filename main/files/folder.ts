/**
 * Folders that are whole at every instant. A folder that is not empty cannot be renamed over, so replacing one takes
 * two renames; a reader first calls `settleFolder`, which ends what a kill between the two interrupted.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { unwritable } from './file.ts'

/**
 * Makes or replaces a folder with what `write` puts into the empty folder it is given. `write` must leave its files
 * synced (writeFileAtomic does). Throws UserError where the disk refuses.
 */
export async function replaceFolder(path: string, write: (folder: string) => void | Promise<void>): Promise<void> {
  const target = resolve(path)
  const next = `${target}.${process.pid}.tmp`
  try {
    settleFolder(target)
    mkdirSync(dirname(target), { recursive: true })
    rmSync(next, { recursive: true, force: true })
    mkdirSync(next)
    await write(next)
    if (existsSync(target)) renameSync(target, previous(target))
    renameSync(next, target)
    rmSync(previous(target), { recursive: true, force: true })
  } catch (error) {
    rmSync(next, { recursive: true, force: true })
    settleFolder(target)
    throw unwritable(path, error)
  }
}

/** Ends what a kill inside `replaceFolder` interrupted: afterwards the old folder or the new one stands at `path`. */
export function settleFolder(path: string): void {
  const target = resolve(path)
  if (existsSync(target)) rmSync(previous(target), { recursive: true, force: true })
  else if (existsSync(previous(target))) renameSync(previous(target), target)
  for (const leftover of leftovers(target)) rmSync(leftover, { recursive: true, force: true })
}

function previous(target: string): string {
  return `${target}.previous`
}

/** Unfinished folders of processes that have ended. */
function leftovers(target: string): string[] {
  const parent = dirname(target)
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .filter((name) => name.startsWith(`${basename(target)}.`))
    .filter((name) => {
      const writer = /\.(\d+)\.tmp$/.exec(name)?.[1]
      return writer !== undefined && !isRunning(Number(writer))
    })
    .map((name) => join(parent, name))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
