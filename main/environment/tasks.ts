/** The tasks: those of the benchmark, the lab's own and the user's own. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { editDistance } from '../config/nearest.ts'
import { pageName } from '../config/task-name.ts'
import { UNPACKED_ROOT } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { findHtml } from './miniwob.ts'

/** What a task needs from the agent, mainly the number of actions. */
export const GROUPS = {
  'one-step': 'one action',
  'two-step': 'two actions',
  'few-step': 'three to five actions',
  'many-step': 'up to fourteen actions',
  long: 'dozens of key presses',
  pointer: 'drag, hover, draw, coordinates or sight',
  unclear: 'partly beyond element-level actions',
  own: 'a page of the user',
} as const
export type Group = keyof typeof GROUPS

export interface Task {
  /** The name of its page without .html, as in the benchmark: click-button. */
  readonly name: string
  /** The name for people: Click button. */
  readonly title: string
  readonly group: Group
  /** Its main kind of action: click, type, select, form, date, email, ... */
  readonly category: string
  /** Number of actions after which an unfinished episode is a failure. */
  readonly horizon: number
  readonly source: 'miniwob' | 'builtin' | 'user'
  /** file:// address of its page. */
  readonly url: string
  /** file:// address of the folder whose files the page may read. */
  readonly root: string
  /** Folders outside of the root that the page may read, and files in the place of those of the root. */
  readonly libraries: readonly Library[]
  /** The text of the page, where it is not yet in its file. */
  readonly draft?: string
}

/** A folder, or a file, that a page may read. */
export interface Library {
  /** The file:// address at which the page asks for it. */
  readonly named: string
  /** The file:// address where it is. */
  readonly answers: string
}

/** Most actions of an episode: as many as the longest problem of the group needs, and a few more. */
const HORIZONS: Readonly<Record<Group, number>> = {
  'one-step': 2,
  'two-step': 4,
  'few-step': 7,
  'many-step': 18,
  long: 40,
  pointer: 5,
  unclear: 15,
  own: 15,
}

/** The benchmark's pages by group, then by category. */
const CATALOGUE: Readonly<Record<Exclude<Group, 'own'>, Readonly<Record<string, string>>>> = {
  'one-step': {
    click:
      'click-button click-color click-dialog click-dialog-2 click-link click-tab click-test click-test-2 click-test-transfer click-widget grid-coordinate identify-shape unicode-test',
    type: 'focus-text focus-text-2',
    email: 'email-inbox-delete email-inbox-important',
    read: 'buy-ticket stock-market',
  },
  'two-step': {
    click: 'button-delay click-button-sequence click-collapsible click-collapsible-nodelay click-menu-2 click-option',
    type: 'copy-paste copy-paste-2 enter-text enter-text-2 enter-text-dynamic find-word scroll-text scroll-text-2 simple-algebra simple-arithmetic text-transform visual-addition',
    select: 'choose-list click-scroll-list',
    date: 'enter-date enter-time',
    read: 'find-greatest read-table social-media',
  },
  'few-step': {
    click:
      'click-collapsible-2 click-collapsible-2-nodelay click-menu click-tab-2 click-tab-2-easy click-tab-2-medium generate-number navigate-tree odd-or-even order-food tic-tac-toe',
    form: 'enter-password form-sequence-2 form-sequence-3 login-user login-user-popup multi-layouts multi-orderings use-autocomplete use-autocomplete-nodelay',
    date: 'choose-date-easy choose-date-medium',
    read: 'phone-book read-table-2 search-engine',
    type: 'terminal',
    email:
      'email-inbox email-inbox-forward email-inbox-forward-nl email-inbox-forward-nl-turk email-inbox-nl-turk email-inbox-noscroll email-inbox-reply email-inbox-star-reply',
  },
  'many-step': {
    click:
      'click-checkboxes click-checkboxes-transfer click-checkboxes-soft click-checkboxes-large click-shades click-tab-2-hard social-media-all social-media-some use-spinner',
    type: 'guess-number',
    date: 'choose-date choose-date-nodelay',
    form: 'book-flight book-flight-nodelay form-sequence',
  },
  long: { slide: 'use-slider use-slider-2' },
  pointer: {
    drag: 'drag-box drag-circle drag-cube drag-items drag-items-grid drag-shapes drag-shapes-2 drag-single-shape drag-sort-numbers resize-textarea use-colorwheel use-colorwheel-2',
    draw: 'bisect-angle circle-center draw-circle draw-line find-midpoint right-angle',
    point: 'chase-circle count-sides daily-calendar highlight-text highlight-text-2 hot-cold hover-shape moving-items',
  },
  unclear: {
    click:
      'ascending-numbers click-pie click-pie-nodelay click-shape count-shape number-checkboxes sign-agreement simon-says',
    type: 'text-editor',
  },
}

const KNOWN = new Map<string, { group: Group; category: string }>()
for (const [group, categories] of Object.entries(CATALOGUE)) {
  for (const [category, names] of Object.entries(categories)) {
    for (const name of names.split(' ')) KNOWN.set(name, { group: group as Group, category })
  }
}

/** The folder of the lab's own pages, as a browser opens it. */
export const BUILTIN_TASKS = path.join(UNPACKED_ROOT, 'assets/tasks')

/** What a page needs beside itself, if it does not load the same from `../core/`. */
export const LIBRARY_FILES = ['core.js', 'core.css'] as const

export interface TaskSources {
  /**
   * A folder with the benchmark's pages, in any form that findHtml accepts. Without it only the lab's own pages are
   * used.
   */
  readonly miniwob?: string
  /** A folder with the user's own pages, which follow the same protocol. */
  readonly tasksDir?: string
}

/**
 * All tasks that can be played, by name. A page of the benchmark replaces the lab's own page with the same name.
 * @throws UserError for a folder without pages, and for a page of the user with a name that is in use.
 */
export function listTasks({ miniwob, tasksDir }: TaskSources): Task[] {
  const tasks = new Map<string, Task>()
  const add = (source: Task['source'], pages: string, root: string, libraries: readonly Library[] = []): void => {
    for (const file of readdirSync(pages).sort()) {
      if (!file.endsWith('.html')) continue
      const name = file.slice(0, -'.html'.length)
      const meant = pageName(name)
      if (source === 'user' && tasks.has(meant)) {
        throw new UserError('pageNameTaken', { file: path.join(pages, file), task: meant })
      }
      const { group, category } = KNOWN.get(name) ?? { group: 'own' as const, category: 'own' }
      tasks.set(name, {
        name,
        title: titleOf(name),
        group,
        category,
        horizon: HORIZONS[group],
        source,
        url: pathToFileURL(path.join(pages, file)).href,
        root: folderUrl(root),
        libraries,
      })
    }
  }
  if (existsSync(BUILTIN_TASKS)) add('builtin', BUILTIN_TASKS, BUILTIN_TASKS)
  const html = miniwob === undefined ? undefined : findHtml(miniwob)
  if (html !== undefined) add('miniwob', path.join(html, 'miniwob'), html)
  if (tasksDir !== undefined) {
    const dir = path.resolve(tasksDir)
    if (!existsSync(dir)) throw new UserError('tasksDirMissing', { folder: dir })
    add('user', dir, dir, librariesOf(dir, html))
  }
  return [...tasks.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A task of the user with this name and text, as it will be once it is saved in `tasksDir`. The folder need not exist. */
export function draftTask(
  { miniwob, tasksDir }: TaskSources & { readonly tasksDir: string },
  name: string,
  draft: string,
): Task {
  const dir = path.resolve(tasksDir)
  const file = path.join(dir, `${name}.html`)
  // Saving copies these files where they are missing.
  const missing = LIBRARY_FILES.filter((one) => !existsSync(path.join(dir, one)))
  return {
    ...pageOfFile(file),
    title: titleOf(name),
    horizon: HORIZONS.own,
    libraries: [
      ...missing.map((one) => ({ named: fileUrl(dir, one), answers: fileUrl(BUILTIN_TASKS, one) })),
      ...librariesOf(dir, miniwob === undefined ? undefined : findHtml(miniwob)),
    ],
    draft,
  }
}

/** A page that need not be a task. It can read the files of its folder. */
export function pageOfFile(file: string): Task {
  const whole = path.resolve(file)
  const name = path.basename(whole, path.extname(whole))
  const rest = { title: name, group: 'own', category: 'own', horizon: 1, source: 'user', libraries: [] } as const
  return { name, url: pathToFileURL(whole).href, root: folderUrl(path.dirname(whole)), ...rest }
}

/**
 * What the pages of a folder read at `../core/` and `../common/`, where the pages of MiniWoB++ have their library: what
 * is there, or else the benchmark's library, or else, without the benchmark, the lab's own core.js and core.css.
 */
function librariesOf(pages: string, html: string | undefined): Library[] {
  const around = path.dirname(pages)
  const from = existsSync(path.join(around, 'core/core.js')) ? around : html
  if (from === undefined) return [{ named: folderUrl(path.join(around, 'core')), answers: folderUrl(BUILTIN_TASKS) }]
  return ['core', 'common'].map((name) => ({
    named: folderUrl(path.join(around, name)),
    answers: folderUrl(path.join(from, name)),
  }))
}

function fileUrl(folder: string, name: string): string {
  return pathToFileURL(path.join(folder, name)).href
}

function folderUrl(folder: string): string {
  return `${pathToFileURL(folder).href}/`
}

function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * The task with this name, in any form that `pageName` accepts.
 * @throws UserError with the nearest names where there is none.
 */
export function findTask(tasks: readonly Task[], name: string): Task {
  const page = pageName(name)
  const found = tasks.find((task) => task.name === page)
  if (found !== undefined) return found
  const near = tasks
    .map((task) => ({ name: task.name, distance: editDistance(page, task.name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((candidate) => candidate.name)
  throw new UserError(KNOWN.has(page) ? 'taskNotInstalled' : 'taskUnknown', { task: name, near })
}
