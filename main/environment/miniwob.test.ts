import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UserError } from '../messages/error.ts'
import { fetchMiniwob, findHtml, miniwobFromVariable } from './miniwob.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'miniwob-test-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

/** Puts another python3 first in PATH, which runs `script` instead of downloading. */
function fakePython(script: string): void {
  const bin = path.join(dir, 'bin')
  mkdirSync(bin)
  writeFileSync(path.join(bin, 'python3'), `#!/bin/sh\n${script}\n`)
  chmodSync(path.join(bin, 'python3'), 0o755)
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`)
}

const target = (): string => path.join(dir, 'data/miniwob')

test('an unknown wheel is not unpacked', async () => {
  // The destination is the last argument.
  fakePython('for last; do :; done; echo something else > "$last/miniwob-1.0.whl"')
  await expect(fetchMiniwob(target())).rejects.toThrow(/SHA-256 [0-9a-f]{64}, not 4b98466d/)
  expect(existsSync(target())).toBe(false)
})

test('a failed download gives the reason and both alternatives', async () => {
  fakePython('echo "ERROR: no matching distribution" >&2; exit 1')
  await expect(fetchMiniwob(target())).rejects.toThrow(
    /pip could not download the MiniWoB\+\+ pages \(ERROR: no matching distribution\): name a clone with --miniwob DIR, or go on with the built-in tasks/,
  )
})

test('a machine without Python gets a message', async () => {
  vi.stubEnv('PATH', dir)
  await expect(fetchMiniwob(target())).rejects.toThrow(UserError)
  await expect(fetchMiniwob(target())).rejects.toThrow(/python3 is not installed/)
})

test('existing pages are not downloaded again', async () => {
  fakePython('exit 1')
  mkdirSync(path.join(target(), 'core'), { recursive: true })
  writeFileSync(path.join(target(), 'core/core.js'), '')
  expect(await fetchMiniwob(target())).toBe(target())
  expect(readdirSync(path.dirname(target()))).toEqual(['miniwob'])
})

test('a clone is found from any of its folders', () => {
  const html = path.join(dir, 'miniwob/html')
  mkdirSync(path.join(html, 'core'), { recursive: true })
  mkdirSync(path.join(html, 'miniwob'))
  writeFileSync(path.join(html, 'core/core.js'), '')
  for (const named of [dir, path.join(dir, 'miniwob'), html, path.join(html, 'miniwob')]) {
    expect(findHtml(named)).toBe(html)
  }
  expect(() => findHtml(path.join(dir, 'elsewhere'))).toThrow(/name a clone/)
})

test('MINIWOB_URL is understood as in the original, as far as that is safe', () => {
  expect(miniwobFromVariable(undefined)).toBeUndefined()
  expect(miniwobFromVariable('file:///opt/miniwob/html/miniwob/')).toBe('/opt/miniwob/html/miniwob/')
  expect(() => miniwobFromVariable('http://localhost:8000/')).toThrow(/must be a file:\/\/ address/)
})
