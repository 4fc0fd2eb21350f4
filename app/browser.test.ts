/** Opening the user's browser, with a program in place of the system's opener. */
import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openBrowser } from './browser.ts'

const URL = 'http://127.0.0.1:1/?ticket=secret'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.runIf(process.platform === 'linux')('the browser gets the address from a file of its owner', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'browser-'))
  const opener = join(folder, 'xdg-open')
  writeFileSync(opener, `#!/bin/sh\necho "$@" > '${folder}/said.part' && mv '${folder}/said.part' '${folder}/said'\n`)
  chmodSync(opener, 0o755)
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  vi.stubEnv('DISPLAY', ':0')
  const page = join(folder, 'open.html')
  // A page that an earlier lab left, readable by everybody.
  writeFileSync(page, 'old', { mode: 0o644 })
  expect(await openBrowser(URL, page)).toBe(true)
  const said = await vi.waitFor(() => readFileSync(join(folder, 'said'), 'utf8'), 10_000)
  expect(said.trim()).toBe(page)
  expect(readFileSync(page, 'utf8')).toContain(`url=${URL}`)
  expect(statSync(page).mode & 0o777).toBe(0o600)
})

test.runIf(process.platform === 'linux')('without a screen no browser is opened', async () => {
  vi.stubEnv('DISPLAY', '')
  vi.stubEnv('WAYLAND_DISPLAY', '')
  expect(await openBrowser(URL, join(tmpdir(), 'never.html'))).toBe(false)
})

test('where the page cannot be written no browser is opened', async () => {
  vi.stubEnv('DISPLAY', ':0')
  expect(await openBrowser(URL, join(tmpdir(), 'no such folder', 'open.html'))).toBe(false)
})
