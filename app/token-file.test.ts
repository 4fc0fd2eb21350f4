import { chmodSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fixedToken } from './token-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'token-'))
const file = (name: string, text: string, mode = 0o600) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('a file that is not there is made with a new token, for its owner alone, and then stays', () => {
  const path = join(folder, 'new/token')
  const { token, made, open } = fixedToken(path)
  expect([made, open]).toEqual([true, null])
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(readFileSync(path, 'utf8')).toBe(`${token}\n`)
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(fixedToken(path)).toEqual({ token, made: false, open: null })
})

test('a token of one’s own counts where it is long and fits into an address', () => {
  const token = 'a-token_of~my.own-0123456789abcdef'
  expect(fixedToken(file('own', `  ${token}\n`)).token).toBe(token)
  for (const [name, text] of Object.entries({
    short: 'x'.repeat(31),
    empty: '',
    spaced: `${'x'.repeat(40)} ${'y'.repeat(40)}`,
    sign: `${'x'.repeat(40)}&`,
    long: 'x'.repeat(5000),
  })) {
    expect(() => fixedToken(file(name, text))).toThrow(/must hold one token of at least 32/)
  }
  mkdirSync(join(folder, 'folder'))
  expect(() => fixedToken(join(folder, 'folder'))).toThrow(/must hold one token/)
})

test.skipIf(process.platform === 'win32')('permissions for others are told', () => {
  expect(fixedToken(file('open', 'x'.repeat(40), 0o644)).open).toBe('644')
  expect(fixedToken(file('group', 'x'.repeat(40), 0o660)).open).toBe('660')
})
