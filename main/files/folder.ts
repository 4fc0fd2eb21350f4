/**
 * Replaces folders atomically. A folder that is not empty cannot be renamed over, so a replacement takes two renames.
 * Readers first call `settleFolder`, which completes a replacement that a kill has interrupted.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { unwritable } from './file.ts'

/**
 * Makes or replaces a folder. `write` gets an empty folder and fills it; it must leave its files synced, as
 * writeFileAtomic does. Throws UserError where the disk refuses.
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

/** Completes a `replaceFolder` that a kill has interrupted. Afterwards the old or the new folder is at `path`. */
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
