import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../messages/error.ts'
import { makeFolder, unwritable, writeFileAtomic, writeStreamAtomic } from './file.ts'

const folder = mkdtempSync(join(tmpdir(), 'file-'))

test('writes a file, makes its folder, replaces an older file, and leaves no other file behind', () => {
  const path = join(folder, 'a/b.txt')
  writeFileAtomic(path, 'old')
  writeFileAtomic(path, new Uint8Array([110, 101, 119]))
  expect(readFileSync(path, 'utf8')).toBe('new')
  writeFileAtomic(path, [new Uint8Array([110, 101]), new Uint8Array(), new Uint8Array([119, 101, 114])])
  expect(readFileSync(path, 'utf8')).toBe('newer')
  expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt'])
})

test('folders are made from the first that is missing, and one in which nothing can be made is an error at once', () => {
  makeFolder(join(folder, 'x/y/z'))
  makeFolder(join(folder, 'x/y/z'))
  expect(statSync(join(folder, 'x/y/z')).isDirectory()).toBe(true)
  writeFileSync(join(folder, 'a file'), '')
  expect(() => makeFolder(join(folder, 'a file/y/z'))).toThrow(/ENOTDIR|EEXIST/)
})

test('a path that cannot be written is named in a message, and no partial file is left', () => {
  writeFileSync(join(folder, 'taken'), 'a file')
  expect(() => writeFileAtomic(join(folder, 'taken/x.txt'), 'x')).toThrow(UserError)
  mkdirSync(join(folder, 'folder/inside'), { recursive: true })
  expect(() => writeFileAtomic(join(folder, 'folder'), 'x')).toThrow(
    /folder: there is something else where this file belongs/,
  )
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('a full disk is reported, and the run can be resumed later', () => {
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  expect(unwritable('data/x', full)).toMatchObject({
    message: expect.stringMatching(/disk is full; free some space and try again/),
  })
  const other = new Error('a bug')
  expect(unwritable('data/x', other)).toBe(other)
})

test('a link stays a link, and a device or a pipe is written into', () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-'))
  const [file, link, nothing] = ['file', 'link', 'nothing'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileAtomic(file, 'old')
  symlinkSync(file, link)
  symlinkSync('/dev/null', nothing)
  writeFileAtomic(link, 'new')
  writeFileAtomic(nothing, 'new')
  expect(readFileSync(file, 'utf8')).toBe('new')
  expect([link, nothing].map((path) => lstatSync(path).isSymbolicLink())).toEqual([true, true])
  expect(readdirSync(folder)).toEqual(['file', 'link', 'nothing'])
})

test('pieces go into a device or a pipe as they come', async () => {
  const nothing = join(mkdtempSync(join(tmpdir(), 'file-')), 'nothing')
  symlinkSync('/dev/null', nothing)
  let written = 0
  await writeStreamAtomic(nothing, async (write) => {
    for (const piece of ['one', 'two']) {
      await write(Buffer.from(piece))
      written++
    }
  })
  expect(written).toBe(2)
  expect(readlinkSync(nothing)).toBe('/dev/null')
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})
