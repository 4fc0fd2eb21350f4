import { spawn } from 'node:child_process'
import { existsSync, linkSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { isLocked, lockPlace, lockStore, removeLeftLock } from './lock.ts'
import { Store } from './store.ts'

let room: string
let path: string
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'lock-'))
  path = join(room, 'shared.sqlite')
})

test('a second command is refused while the first runs, and admitted once that is killed', async () => {
  const lock = join(import.meta.dirname, 'lock.ts')
  const script = `const { lockStore } = await import(${JSON.stringify(lock)}); lockStore(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script])
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  expect(() => lockStore(path)).toThrow(/another command is using/)
  expect(isLocked(path)).toBe(true)
  const gone = new Promise((resolve) => holder.once('exit', resolve))
  holder.kill('SIGKILL')
  await gone
  expect(isLocked(path)).toBe(false)
  lockStore(path)()
  expect(readdirSync(room)).toEqual([])
})

test('a link does not pass the lock, and neither does a linked folder', () => {
  const [link, folder] = [join(room, 'link.sqlite'), join(room, 'folder')]
  symlinkSync(path, link)
  symlinkSync(room, folder)
  // Before the store exists, and after.
  for (let turn = 0; turn < 2; turn++) {
    const release = lockStore(link)
    for (const name of [path, join(folder, 'shared.sqlite')]) expect(() => lockStore(name)).toThrow(/another command/)
    release()
    new Store(path).close()
  }
})

test('a store with two names is refused: SQLite would damage it', () => {
  new Store(path).close()
  linkSync(path, join(room, 'other.sqlite'))
  expect(() => new Store(path)).toThrow(/has another name/)
})

test('foreign bytes in the lock file block nobody', () => {
  writeFileSync(`${path}-lock`, 'what the editor left here, and more than a header of SQLite takes'.repeat(9))
  expect(isLocked(path)).toBe(false)
  const release = lockStore(path)
  expect(() => lockStore(path)).toThrow(/another command/)
  release()
})

test('many may read a place, and one may write it', () => {
  const [one, two] = [lockPlace(path, 'read'), lockPlace(path, 'read')]
  expect(lockPlace(path, 'write', 0)).toBe(null)
  one?.()
  expect(existsSync(`${path}-lock`)).toBe(true)
  expect(lockPlace(path, 'write', 0)).toBe(null)
  two?.()
  const writer = lockPlace(path, 'write')
  expect(lockPlace(path, 'read', 0)).toBe(null)
  expect(isLocked(path)).toBe(true)
  writer?.()
  expect(readdirSync(room)).toEqual([])
})

test('a lock that a killed command left is removed, but none that is held and nothing of others', () => {
  const left = `${path}-lock`
  writeFileSync(left, '')
  removeLeftLock(path)
  expect(readdirSync(room)).toEqual([])
  const release = lockPlace(path, 'read')
  removeLeftLock(path)
  expect(existsSync(left)).toBe(true)
  expect(lockPlace(path, 'write', 0)).toBe(null)
  release?.()
  writeFileSync(left, 'a note')
  removeLeftLock(path)
  expect(readdirSync(room)).toEqual(['shared.sqlite-lock'])
})

test('a lock is one file at every instant, so a kill leaves no other', () => {
  for (const use of ['write', 'read'] as const) {
    const release = lockPlace(path, use)
    expect(readdirSync(room)).toEqual(['shared.sqlite-lock'])
    release?.()
    expect(readdirSync(room)).toEqual([])
  }
})
