import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { replaceFolder, settleFolder } from './folder.ts'

let room: string
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'folder-'))
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

const put = (name: string, text: string) => (folder: string) => writeFileSync(join(folder, name), text)

test('makes a folder, and replaces all of it', async () => {
  const path = join(room, 'deep', 'adapter')
  await replaceFolder(path, put('old', '1'))
  await replaceFolder(path, put('new', '2'))
  expect(readdirSync(path)).toEqual(['new'])
  expect(readdirSync(join(room, 'deep'))).toEqual(['adapter'])
})

test('leaves the old folder where writing fails', async () => {
  const path = join(room, 'adapter')
  await replaceFolder(path, put('file', 'old'))
  await expect(
    replaceFolder(path, (folder) => {
      writeFileSync(join(folder, 'file'), 'half')
      throw new Error('killed')
    }),
  ).rejects.toThrow('killed')
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('old')
  expect(readdirSync(room)).toEqual(['adapter'])
})

test('settles what a kill between the two renames left', async () => {
  const path = join(room, 'adapter')
  await replaceFolder(path, put('file', 'old'))
  renameSync(path, `${path}.previous`)
  settleFolder(path)
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('old')

  // Killed after the second rename: the new one stands, the old one goes.
  mkdirSync(`${path}.previous`)
  settleFolder(path)
  expect(existsSync(`${path}.previous`)).toBe(false)
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('old')
})
