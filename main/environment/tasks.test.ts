import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../config/config.ts'
import { findTask, listTasks } from './tasks.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tasks-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** A folder with the layout of the benchmark. */
function benchmark(...names: string[]): string {
  mkdirSync(path.join(dir, 'html/core'), { recursive: true })
  mkdirSync(path.join(dir, 'html/miniwob'))
  writeFileSync(path.join(dir, 'html/core/core.js'), '')
  for (const name of names) writeFileSync(path.join(dir, 'html/miniwob', `${name}.html`), '')
  return dir
}

test('the built-in pages are about a dozen, each with title, group and horizon', () => {
  const tasks = listTasks({})
  expect(tasks.length).toBeGreaterThanOrEqual(12)
  const login = findTask(tasks, 'login-user')
  expect(login).toMatchObject({ title: 'Login user', group: 'few-step', category: 'form', source: 'builtin' })
  expect(login.horizon).toBeGreaterThanOrEqual(3)
  expect(login.url.startsWith(login.root)).toBe(true)
})

test('the benchmark’s page is used in place of the built-in one with the same name', () => {
  const tasks = listTasks({ miniwob: benchmark('click-button', 'use-slider') })
  expect(findTask(tasks, 'click-button').source).toBe('miniwob')
  expect(findTask(tasks, 'use-slider')).toMatchObject({ group: 'long', source: 'miniwob' })
  expect(findTask(tasks, 'click-link').source).toBe('builtin')
})

test('Gymnasium’s names mean the same pages', () => {
  const tasks = listTasks({})
  expect(findTask(tasks, 'click-button-v1').name).toBe('click-button')
  expect(findTask(tasks, 'miniwob/click-dialog-2-v1').name).toBe('click-dialog-2')
})

test('a name without a page in the benchmark means the page of that task', () => {
  const tasks = listTasks({ miniwob: benchmark('choose-list') })
  for (const name of ['select-option', 'select-option-v1', 'miniwob/select-option-v1']) {
    expect(findTask(tasks, name).name).toBe('choose-list')
    expect(parseConfig('', 'f', { tasks: [name] }).tasks).toEqual(['choose-list'])
  }
  expect(findTask(tasks, 'click-link-v1').name).toBe('click-link')
})

test('an unknown name is refused with the nearest ones', () => {
  const tasks = listTasks({})
  expect(() => findTask(tasks, 'click-buton')).toThrow(/no task click-buton; the nearest names are click-button/)
  expect(() => findTask(tasks, 'use-slider')).toThrow(/one of MiniWoB\+\+, whose pages are not installed/)
})

test('a user’s pages are listed with the others, and may not use their names', () => {
  const own = path.join(dir, 'own')
  mkdirSync(own)
  writeFileSync(path.join(own, 'pick-a-card.html'), '')
  expect(findTask(listTasks({ tasksDir: own }), 'pick-a-card')).toMatchObject({ group: 'own', source: 'user' })
  writeFileSync(path.join(own, 'click-button.html'), '')
  expect(() => listTasks({ tasksDir: own })).toThrow(/there is a task click-button already/)
  rmSync(path.join(own, 'click-button.html'))
  writeFileSync(path.join(own, 'select-option.html'), '')
  expect(() => listTasks({ tasksDir: own, miniwob: benchmark('choose-list') })).toThrow(
    /select-option\.html: there is a task choose-list already/,
  )
})

test('an error names a folder without pages, and what to do', () => {
  expect(() => listTasks({ miniwob: dir })).toThrow(/no MiniWoB\+\+ pages in .*: name a clone/)
  expect(() => listTasks({ tasksDir: path.join(dir, 'nowhere') })).toThrow(/environment\.tasks_dir is .*nowhere/)
})
