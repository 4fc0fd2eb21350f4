import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EnvironmentFault } from '../chromium/fault.ts'
import { findChromium } from '../chromium/find.ts'
import { UserError } from '../messages/error.ts'
import { BROWSER_LIMITS, chromiumHost } from './browser.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'browser-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

function executable(name: string, script: string): string {
  const file = path.join(dir, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

test('CHROME_PATH comes first, and must name a file', async () => {
  const file = executable('my-chrome', '')
  expect(await findChromium(file)).toBe(file)
  await expect(findChromium(path.join(dir, 'nothing'))).rejects.toThrow(
    /CHROME_PATH is .*nothing, but there is no such/,
  )
})

test.runIf(process.platform === 'linux')('otherwise a browser in PATH is used', async () => {
  const file = executable('chromium', '')
  vi.stubEnv('PATH', dir)
  expect(await findChromium('')).toBe(file)
})

test('an error names the browser that does not start, and what to do', async () => {
  const host = chromiumHost(executable('broken', 'echo no display >&2; exit 1'))
  await expect(host.open()).rejects.toThrow(UserError)
  await expect(host.open()).rejects.toThrow(/broken did not start \(.*\): run it by hand/)
  await host.close()
})

test('pages requested at the same time share one browser, and nothing opens after it was closed', async () => {
  const host = chromiumHost()
  const pages = await Promise.all([host.open(), host.open()])
  expect(new Set(pages.map((page) => page.browser())).size).toBe(1)
  expect(new Set(pages.map((page) => page.browserContext())).size).toBe(2)
  await host.close()
  await expect(host.open()).rejects.toThrow(EnvironmentFault)
})

test('pages that are being opened when the browser is closed fail, and nobody waits for them', {
  timeout: 60_000,
}, async () => {
  const host = chromiumHost(undefined, { ...BROWSER_LIMITS, open: 300_000 })
  await host.open()
  const opening = Promise.allSettled(Array.from({ length: 8 }, () => host.open()))
  await new Promise((later) => setTimeout(later, 20))
  await host.close()
  expect((await opening).map(({ status }) => status)).toContain('rejected')
})
