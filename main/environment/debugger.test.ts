/** Task pages in windows that are controlled by their debuggers. */
import { rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { windowStandIns } from '../../testing/electron-debugger.ts'
import { openWorkbench } from '../../testing/workbench.ts'
import { EnvironmentFault } from '../chromium/fault.ts'
import type { Action } from './action.ts'
import type { BrowserHost } from './browser.ts'
import { windowHost } from './debugger.ts'
import { decide } from './experts/expert.ts'
import { EXPERTS } from './experts/index.ts'
import { renderPage } from './observation.ts'
import { Session } from './session.ts'
import { findTask, listTasks } from './tasks.ts'

const windows = windowStandIns()
const workbench = openWorkbench()
afterAll(async () => {
  await windows.close()
  workbench.remove()
})

let host: BrowserHost
let session: Session
beforeEach(() => {
  host = windowHost(() => windows.open())
  session = new Session(host)
})
afterEach(async () => {
  await session.close()
  await host.close()
  expect(windows.count).toBe(0)
})

test.each(['click-button', 'login-user', 'choose-list', 'click-dialog'])('%s is solved', async (name) => {
  const task = findTask(listTasks({}), name)
  const actions: Action[] = []
  let observation = await session.reset(task, 5)
  for (;;) {
    const { action } = decide(EXPERTS[name]!, observation, actions)
    actions.push(action)
    const result = await session.step(action)
    observation = result.observation
    if (!result.done) continue
    expect(result).toMatchObject({ ending: { outcome: 'success', reward: 1 } })
    break
  }
})

test('dialogs and new windows do not stop an episode, and a picture can be taken', async () => {
  const task = workbench.page(
    '<button id="b">B</button>',
    `$('b').onclick = () => { window.open('about:blank'); alert('hello'); core.judge(true) }`,
  )
  await session.reset(task, 1)
  const { picture } = await session.shot(null)
  expect([...picture.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ ending: { outcome: 'success' } })
})

test('a page reads nothing outside of its folder', async () => {
  const secret = `${workbench.dir}-secret.js`
  writeFileSync(secret, 'window.leaked = true')
  const task = workbench.page(
    '<button id="b">B</button><p id="log"></p>',
    `const script = document.createElement('script'); script.src = ${JSON.stringify(pathToFileURL(secret).href)}; document.head.append(script)
     $('b').onclick = () => { $('log').textContent = String(window.leaked) }`,
  )
  await session.reset(task, 1)
  const { observation } = await session.step({ kind: 'click', ref: 1 })
  rmSync(secret)
  expect(renderPage(observation)).toContain('undefined p')
})

test('frames in the page, in this process or another, do not disturb it', async () => {
  const task = workbench.page(
    '<iframe srcdoc="<button>inside</button>"></iframe><iframe src="data:text/html,apart"></iframe><button id="b">B</button>',
    `$('b').onclick = () => core.judge(true)`,
  )
  const { elements } = await session.reset(task, 1)
  const button = elements.find(({ name }) => name === 'B')!
  expect(await session.step({ kind: 'click', ref: button.ref })).toMatchObject({ ending: { outcome: 'success' } })
})

test('a second session on the page receives the events that it enabled, until it is closed', async () => {
  await session.reset(workbench.page('<p id="p">x</p>', `setInterval(() => { $('p').textContent += 'x' }, 20)`), 1)
  const cdp = await session.page!.createCDPSession()
  const frames = vi.fn(({ sessionId }: { sessionId: number }) =>
    cdp.send('Page.screencastFrameAck', { sessionId }).catch(() => {}),
  )
  cdp.on('Page.screencastFrame', frames)
  await cdp.send('Page.startScreencast', { format: 'jpeg' })
  await vi.waitFor(() => expect(frames.mock.calls.length).toBeGreaterThan(2), 5000)
  await cdp.detach()
  const seen = frames.mock.calls.length
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(frames.mock.calls.length).toBe(seen)
  expect(await session.step({ kind: 'press', key: 'Tab' })).toMatchObject({ done: false })
})

test('a window that is closed is a fault, and the next episode begins in another', async () => {
  const opened = vi.fn(() => windows.open())
  const own = new Session(windowHost(opened))
  const task = findTask(listTasks({}), 'click-button')
  const before = await own.reset(task, 3)
  ;(opened.mock.results[0]!.value as ReturnType<typeof windows.open>).destroy()
  await expect(own.step({ kind: 'click', ref: 1 })).rejects.toThrow(EnvironmentFault)
  expect(await own.reset(task, 3)).toEqual(before)
  await own.close()
})

test('a window that cannot be opened is a fault', async () => {
  const broken = new Session(
    windowHost(() => {
      const window = windows.open()
      window.debugger.attach()
      return window
    }),
  )
  await expect(broken.reset(findTask(listTasks({}), 'click-button'), 1)).rejects.toThrow(/already attached/)
})
