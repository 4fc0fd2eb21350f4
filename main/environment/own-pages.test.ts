import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pageNameSchema, readOwnPage, saveOwnPage } from './own-pages.ts'
import { PAGE_TEMPLATE } from './page-template.ts'
import { listTasks } from './tasks.ts'

let tasksDir: string
beforeEach(() => {
  tasksDir = join(mkdtempSync(join(tmpdir(), 'pages-')), 'tasks')
})
afterEach(() => rmSync(tasksDir, { recursive: true, force: true }))

const page = { name: 'pick-word', html: PAGE_TEMPLATE }

test('a saved page is a task, with what it loads beside it', () => {
  const saved = saveOwnPage({ tasksDir }, page, null)
  expect(readOwnPage({ tasksDir }, 'pick-word')).toEqual(saved)
  expect(listTasks({ tasksDir }).find(({ name }) => name === 'pick-word')).toMatchObject({
    source: 'user',
    group: 'own',
  })
  expect([existsSync(join(tasksDir, 'core.js')), existsSync(join(tasksDir, 'core.css'))]).toEqual([true, true])
  const alone = { name: 'other', html: PAGE_TEMPLATE.replaceAll('core.', '../core/core.') }
  rmSync(tasksDir, { recursive: true })
  saveOwnPage({ tasksDir }, alone, null)
  expect(existsSync(join(tasksDir, 'core.js'))).toBe(false)
})

test('nothing is replaced by accident', () => {
  const { version } = saveOwnPage({ tasksDir }, page, null)
  expect(() => saveOwnPage({ tasksDir }, { ...page, html: 'new' }, null)).toThrow(
    /pick-word in .* already.*not replaced/,
  )
  const changed = saveOwnPage({ tasksDir }, { ...page, html: 'changed' }, version)
  expect(() => saveOwnPage({ tasksDir }, { ...page, html: 'mine' }, version)).toThrow(/has changed in its file/)
  writeFileSync(join(tasksDir, 'core.js'), 'mine')
  saveOwnPage({ tasksDir }, page, changed.version)
  expect(readFileSync(join(tasksDir, 'core.js'), 'utf8')).toBe('mine')
  expect(() => saveOwnPage({ tasksDir }, { ...page, name: 'click-link' }, null)).toThrow(/not yours/)
  for (const [name, task] of [
    ['select-option', 'choose-list'],
    ['pick-word-v1', 'pick-word'],
  ] as const) {
    expect(() => saveOwnPage({ tasksDir }, { ...page, name }, null)).toThrow(
      `${name} is another name of the task ${task}`,
    )
  }
  expect(listTasks({ tasksDir }).some(({ name }) => name === 'pick-word')).toBe(true)
})

test('what is no file, and a folder that is none, are told in a sentence', () => {
  saveOwnPage({ tasksDir }, page, null)
  mkdirSync(join(tasksDir, 'folder.html'))
  expect(() => readOwnPage({ tasksDir }, 'folder')).toThrow(/folder\.html cannot be read \(EISDIR\)/)
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [join(tasksDir, 'pipe.html')])
    expect(() => readOwnPage({ tasksDir }, 'pipe')).toThrow(/pipe\.html cannot be read \(it is a pipe\)/)
  }
  const file = join(tasksDir, 'pick-word.html')
  expect(() => saveOwnPage({ tasksDir: file }, { ...page, name: 'other' }, null)).toThrow(/pick-word\.html/)
})

test('names lead nowhere else, and letters are not lost', () => {
  for (const name of ['../up', 'a/b', '', 'A', 'x.html', '-a', 'a--b', 'a'.repeat(61)]) {
    expect(pageNameSchema.safeParse(name).success, name).toBe(false)
  }
  expect(() => readOwnPage({ tasksDir }, 'none')).toThrow(/no page none/)
  saveOwnPage({ tasksDir }, page, null)
  writeFileSync(join(tasksDir, 'latin.html'), Buffer.from([0xe9, 0x21]))
  expect(() => readOwnPage({ tasksDir }, 'latin')).toThrow(/UTF-8/)
})
