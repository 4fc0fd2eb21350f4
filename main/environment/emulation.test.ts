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

/** Width and height of a JPEG, from its frame header. */
function sizeOfJpeg(jpeg: Uint8Array): number[] {
  const bytes = Buffer.from(jpeg)
  const header = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  return [bytes.readUInt16BE(header + 7), bytes.readUInt16BE(header + 5)]
}

/** Resolves once a streamed picture of the page has this size. */
async function pictured(session: Session, size: readonly number[]): Promise<void> {
  const cdp = await session.page!.createCDPSession()
  const sizes: number[][] = []
  cdp.on('Page.screencastFrame', ({ data, sessionId }) => {
    sizes.push(sizeOfJpeg(Buffer.from(data, 'base64')))
    cdp.send('Page.screencastFrameAck', { sessionId }).catch(() => {})
  })
  await cdp.send('Page.startScreencast', { format: 'jpeg' })
  await expect.poll(() => sizes, { timeout: 10_000 }).toContainEqual(size)
  await cdp.send('Page.stopScreencast')
  await cdp.detach()
}

/** Everything that a page could notice of being looked at. */
const NOTICED = `JSON.stringify([${FACTS}, noticed, visualViewport.scale, document.scrollingElement.clientWidth,
  matchMedia('(min-resolution: 1.5dppx)').matches, document.getElementById('far').getBoundingClientRect()])`

test('a page does not notice how large it is pictured', async () => {
  const windows = windowStandIns(chromiumHost())
  const task = workbench.page(
    `<p>near</p><button id="far" style="position: fixed; left: 400px; top: 280px">Far</button>`,
    `window.noticed = []
     for (const kind of ['resize', 'scroll']) {
       addEventListener(kind, () => noticed.push(kind))
       visualViewport.addEventListener(kind, () => noticed.push(kind))
     }
     new IntersectionObserver((seen) => noticed.push(...seen.map((one) => one.isIntersecting))).observe($('far'))
     $('far').onclick = ({ clientX, clientY }) => core.judge(clientX > 400 && clientY > 280)`,
  )
  for (const browser of [host, windowHost(() => windows.open())]) {
    const session = new Session(browser)
    const observation = await session.reset(task, 1)
    await session.painted()
    const before = await session.page!.evaluate(NOTICED)
    const ends = [session.showView({ width: 160, height: 210, density: 3 })]
    await pictured(session, [480, 630])
    expect(await session.page!.evaluate(NOTICED)).toEqual(before)
    // The latest viewer counts, and then again the one before.
    ends.push(session.showView({ width: 500, height: 320, density: 2 }))
    await pictured(session, [1000, 640])
    ends.pop()!()
    await pictured(session, [480, 630])
    const [far] = observation.elements.filter(({ name }) => name === 'Far')
    expect(sizeOfJpeg((await session.shot(null)).picture)).toEqual([320, 420])
    await pictured(session, [480, 630])
    expect((await session.step({ kind: 'click', ref: far!.ref })).ending).toMatchObject({ outcome: 'success' })
    ends.pop()!()
    await pictured(session, [500, 320])
    await session.close()
  }
  await windows.close()
})

test('a page’s own picture is the same, byte for byte, while somebody looks', async () => {
  const session = new Session(host)
  await session.reset(workbench.page('<p>one</p><button>two</button>'), 1)
  await session.painted()
  const { picture } = await session.shot(null)
  const end = session.showView({ width: 160, height: 210, density: 3 })
  await pictured(session, [480, 630])
  expect((await session.shot(null)).picture).toEqual(picture)
  end()
  await session.close()
})

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
