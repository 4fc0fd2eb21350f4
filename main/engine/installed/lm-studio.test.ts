import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lmStudioFolders } from './lm-studio.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lm-studio-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const usual = () => [join(home, '.lmstudio/models'), join(home, '.cache/lm-studio/models')]

test('the usual folders are those of today and of older versions', () => {
  expect(lmStudioFolders(home)).toEqual(usual())
})

test('a pointer file names another home, and the settings there another folder', () => {
  const other = join(home, 'elsewhere')
  mkdirSync(other)
  writeFileSync(join(home, '.lmstudio-home-pointer'), `${other}\n`)
  expect(lmStudioFolders(home)).toEqual([join(other, 'models'), ...usual()])
  writeFileSync(join(other, 'settings.json'), JSON.stringify({ downloadsFolder: '/disk/models' }))
  expect(lmStudioFolders(home)).toEqual(['/disk/models', join(other, 'models'), ...usual()])
  writeFileSync(join(other, 'settings.json'), '{"downloadsFolder": 7')
  expect(lmStudioFolders(home)).toEqual([join(other, 'models'), ...usual()])
})
