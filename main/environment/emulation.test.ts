/** A page sees the same machine in Chromium and in a window's debugger, whatever the machine is. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { windowStandIns } from '../../testing/electron-debugger.ts'
import { openWorkbench } from '../../testing/workbench.ts'
import { findChromium } from '../chromium/find.ts'
import { type BrowserHost, chromiumHost } from './browser.ts'
import { windowHost } from './debugger.ts'
import { renderPage } from './observation.ts'
import { Session } from './session.ts'
import { findTask, listTasks } from './tasks.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'emulation-'))
const workbench = openWorkbench()
const host = chromiumHost()
afterAll(async () => {
  await host.close()
  rmSync(dir, { recursive: true, force: true })
  workbench.remove()
})

/** A Chromium of another machine: its time zone, its languages, its screen, its user's wishes. */
async function elsewhere(): Promise<string> {
  const file = path.join(dir, 'chromium')
  const flags =
    '--accept-lang=zh-CN --force-device-scale-factor=2 --window-size=1200,900 --force-prefers-reduced-motion --touch-events=enabled --user-agent=other'
  writeFileSync(file, `#!/bin/sh\nTZ=Asia/Shanghai exec '${await findChromium()}' "$@" ${flags}\n`)
  chmodSync(file, 0o755)
  return file
}

/** What scripts can ask. */
const FACTS = `JSON.stringify({
  language: [navigator.language, navigator.languages, Intl.DateTimeFormat().resolvedOptions().locale],
  zone: [Intl.DateTimeFormat().resolvedOptions().timeZone, new Date(2016, 6, 1, 9).getTimezoneOffset()],
  time: new Date(2016, 0, 5, 16, 4).toLocaleString(),
  name: [navigator.userAgent, navigator.platform, navigator.userAgentData?.brands],
  screen: [devicePixelRatio, screen.width, screen.height, screen.availWidth, screen.orientation.type],
  window: [innerWidth, innerHeight, outerWidth, outerHeight, screenX, screenY],
  machine: [navigator.hardwareConcurrency, navigator.maxTouchPoints, 'ontouchstart' in window, navigator.deviceMemory],
  wishes: ['color-scheme: dark', 'reduced-motion: reduce', 'contrast: more'].map((one) => matchMedia('(prefers-' + one + ')').matches),
  scrollbar: area.offsetWidth - area.clientWidth,
})`

async function factsOf(host: BrowserHost): Promise<unknown> {
  const session = new Session(host)
  const task = workbench.page('<p style="height: 2000px">long</p>')
  try {
    await session.reset(task, 1)
    return JSON.parse(String(await session.page!.evaluate(FACTS)))
  } finally {
    await session.close()
    await host.close()
  }
}

test.skipIf(process.platform === 'win32')(
  'language, zone, screen and wishes are the same on every machine',
  async () => {
    const here = await factsOf(chromiumHost())
    expect(here).toMatchObject({
      language: ['en-US', ['en-US'], 'en-US'],
      zone: ['UTC', 0],
      time: '1/5/2016, 4:04:00 PM',
      wishes: [false, false, false],
      scrollbar: 0,
    })
    const executable = await elsewhere()
    expect(await factsOf(chromiumHost(executable))).toEqual(here)
    const windows = windowStandIns(chromiumHost(executable))
    expect(await factsOf(windowHost(() => windows.open()))).toEqual(here)
    await windows.close()
  },
)

test('the clock of a page begins each problem at the same instant, and then runs', async () => {
  const session = new Session(host)
  const task = workbench.page(
    '<p id="log"></p>',
    `const of = (value) => String(value)
     const formats = new Intl.DateTimeFormat('en-US', { dateStyle: 'short', timeStyle: 'medium' })
     const lines = [
       Date.now(), +new Date(), Date(), new Date(0).getTime(), new (class extends Date {})().toISOString(),
       new Date() instanceof Date, new Date().constructor === Date, formats.format(), formats.formatToParts()[0].value,
       typeof Temporal === 'undefined' ? '2025-01-01' : Temporal.Now.plainDateISO(),
     ]
     $('log').textContent = lines.map(of).join(' ')`,
  )
  const [first, second] = [await session.reset(task, 1), await session.reset(task, 1)]
  expect(renderPage(first)).toBe(
    ' 1735732800000 1735732800000 Wed Jan 01 2025 12:00:00 GMT+0000 (Coordinated Universal Time) 0 2025-01-01T12:00:00.000Z true true 1/1/25, 12:00:00 PM 1 2025-01-01 p 1',
  )
  expect(second).toEqual(first)
  const passed = await session.page!.evaluate(
    `new Promise((resolve) => { const began = Date.now(); setTimeout(() => resolve(Date.now() - began), 100) })`,
  )
  expect(passed).toBeGreaterThanOrEqual(99)
  await session.close()
})

test('a problem that waits in a loop while it is made gets its time', async () => {
  const session = new Session(host)
  const task = workbench.page('<p>on</p>', 'const began = Date.now(); while (Date.now() - began < 30);')
  expect(renderPage(await session.reset(task, 1))).toBe(' on p 1')
  await session.close()
})

test('what a page draws while it loads is the same at each load', async () => {
  const html = readFileSync(
    fileURLToPath(workbench.page('<p id="log"></p>', `$('log').textContent = drawn`).url),
    'utf8',
  )
  writeFileSync(
    path.join(workbench.dir, 'draws.html'),
    html.replace('<script>', '<script>const drawn = Math.random();'),
  )
  const task = findTask(listTasks({ tasksDir: workbench.dir }), 'draws')
  const seen = new Set<string>()
  for (const seed of [1, 2]) {
    const session = new Session(host)
    seen.add(renderPage(await session.reset(task, seed)))
    await session.close()
  }
  expect([...seen]).toEqual([expect.stringMatching(/^ 0\.\d+ p 1$/)])
})
