import { spawn } from 'node:child_process'
import { once } from 'node:events'
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
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { replaceFolder, settleFolder } from './folder.ts'

let room: string
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'folder-'))
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

const put = (name: string, text: string) => (folder: string) => writeFileSync(join(folder, name), text)

test('makes a folder, and replaces all its content', async () => {
  const path = join(room, 'deep', 'adapter')
  await replaceFolder(path, put('old', '1'))
  await replaceFolder(path, put('new', '2'))
  expect(readdirSync(path)).toEqual(['new'])
  expect(readdirSync(join(room, 'deep'))).toEqual(['adapter'])
})

test('leaves the old folder if writing fails', async () => {
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

test('cleans up after a kill between the two renames', async () => {
  const path = join(room, 'adapter')
  await replaceFolder(path, put('file', 'old'))
  renameSync(path, `${path}.previous`)
  settleFolder(path)
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('old')

  // Killed after the second rename: the new folder stays, the old one is removed.
  mkdirSync(`${path}.previous`)
  settleFolder(path)
  expect(existsSync(`${path}.previous`)).toBe(false)
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('old')
})

test('a kill at any instant leaves one complete version', async () => {
  const path = join(room, 'adapter')
  const writer = `
    import { writeFileSync } from 'node:fs'
    import { replaceFolder } from ${JSON.stringify(new URL('./folder.ts', import.meta.url).href)}
    for (let version = 0; ; version++) {
      await replaceFolder(${JSON.stringify(path)}, (folder) => {
        for (const name of ['config', 'weights']) writeFileSync(folder + '/' + name, String(version))
      })
      if (version === 0) console.log('writing')
    }`
  for (let kill = 0; kill < 8; kill++) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await setTimeout(1 + 5 * kill)
    child.kill('SIGKILL')
    await once(child, 'exit')
    settleFolder(path)
    expect(readdirSync(room)).toEqual(['adapter'])
    expect(readdirSync(path)).toEqual(['config', 'weights'])
    expect(readFileSync(join(path, 'config'), 'utf8')).toBe(readFileSync(join(path, 'weights'), 'utf8'))
  }
})
