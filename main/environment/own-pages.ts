/** Task pages that the user writes: read from and saved into the folder of the user's pages. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { says } from '../config/demand.ts'
import { pageName } from '../config/task-name.ts'
import { writeFileAtomic } from '../files/file.ts'
import { refusePipe } from '../files/read.ts'
import { UserError } from '../messages/error.ts'
import { BUILTIN_TASKS, LIBRARY_FILES, listTasks, type TaskSources } from './tasks.ts'

/** The name of a task, which is that of its page. */
export const pageNameSchema = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, says('mustBePageName'))

/** Most letters of a page. */
export const LONGEST_PAGE = 200_000

export interface OwnPage {
  readonly name: string
  readonly html: string
  /** Tells this text from others. */
  readonly version: string
}

/** The folder and name of a page, and where its task stands among others. */
export interface PagePlace extends TaskSources {
  readonly tasksDir: string
}

/** A page of the user. Throws UserError where there is none, or one that is too long to edit. */
export function readOwnPage({ tasksDir }: PagePlace, name: string): OwnPage {
  const file = fileOf(tasksDir, name)
  if (!existsSync(file)) throw new UserError('ownPageMissing', { name, folder: tasksDir })
  const html = textOf(readBytes(file, name), name)
  return { name, html, version: versionOf(html) }
}

/**
 * Saves a page, and beside it those of core.js and core.css that it loads and that are missing. `before` is the version that the page
 * replaces; null for a new page. Throws UserError where the disk refuses, a task has the name already, the name means another task, or the file is no longer that version.
 */
export function saveOwnPage(
  place: PagePlace,
  { name, html }: Omit<OwnPage, 'version'>,
  before: string | null,
): OwnPage {
  const { tasksDir, ...others } = place
  // Settings would read it as that task's name, and every list of tasks would refuse the page.
  if (pageName(name) !== name) throw new UserError('ownPageNameMeans', { name, task: pageName(name) })
  if (listTasks(others).some((task) => task.name === name)) throw new UserError('ownPageNameTaken', { name })
  const file = fileOf(tasksDir, name)
  if (before === null && existsSync(file)) throw new UserError('ownPageExists', { name, folder: tasksDir })
  if (before !== null && readOwnPage(place, name).version !== before) throw new UserError('ownPageChanged', { name })
  for (const library of LIBRARY_FILES) {
    const beside = path.join(tasksDir, library)
    if (loads(html, library) && !existsSync(beside)) {
      writeFileAtomic(beside, readFileSync(path.join(BUILTIN_TASKS, library)))
    }
  }
  writeFileAtomic(file, html)
  return { name, html, version: versionOf(html) }
}

/** Throws UserError where there is no file, such as a folder or a pipe, and for one that is too long. */
function readBytes(file: string, name: string): Buffer {
  try {
    refusePipe(file)
    if (statSync(file).size > LONGEST_PAGE) throw new UserError('ownPageTooLong', { name, most: LONGEST_PAGE })
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof UserError || code === undefined) throw error
    throw new UserError('dataUnreadable', { path: file, code })
  }
}

/** Throws UserError for letters that an editor would lose. */
function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserError('ownPageNotUtf8', { name })
  }
}

/** Whether a page loads a file that stands beside it. */
function loads(html: string, file: string): boolean {
  return new RegExp(`(src|href)\\s*=\\s*["']?(\\./)?${file.replace('.', '\\.')}\\b`).test(html)
}

function fileOf(folder: string, name: string): string {
  return path.join(folder, `${pageNameSchema.parse(name)}.html`)
}

function versionOf(html: string): string {
  return createHash('sha256').update(html).digest('hex').slice(0, 16)
}
