/** The desktop app, with a stand-in for Electron whose windows are real pages. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SOFTWARE } from '../main/engine/host/adapter.ts'
import { startGpuHost } from '../main/engine/host/gpu-host.ts'
import { askAdapter } from '../main/engine/host/remote-engine.ts'
import { words } from '../renderer/i18n/en.ts'
import { cardSettings } from '../testing/card-lab.ts'
import { connectDesktop } from '../testing/desktop-lab.ts'
import { Asked, type ElectronStandIn, electronStandIn } from '../testing/electron.ts'
import { writeSmallLab } from '../testing/small-lab.ts'
import { writeTinyModel } from '../testing/tiny-model.ts'

let folder: string
let launch: ElectronStandIn
let launches = 0
/** Milliseconds until a window must be open. */
const PATIENCE = 20_000
const argv = process.argv

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'electron-'))
  const config = join(folder, 'config.yaml')
  writeFileSync(
    config,
    `paths: { store: ${folder}/lab.sqlite, reports: ${folder}/reports, sft_data: ${folder}/golden.jsonl }\n`,
  )
  process.argv = [...argv.slice(0, 2), '--config_path', config]
  launch = electronStandIn(folder)
})
afterEach(async () => {
  if (launch.windows.length > 0) await quit()
  await launch.close()
  process.argv = argv
})

// The app imports the stand-in of the current test.
vi.mock('electron', () => {
  const names = Object.keys(electronStandIn('').electron) as (keyof ElectronStandIn['electron'])[]
  return Object.defineProperties(
    {},
    Object.fromEntries(names.map((name) => [name, { enumerable: true, get: () => launch.electron[name] }])),
  )
})

/** Runs the app's file as Electron would, anew for each launch, until it has a window or says why not. */
async function start(): Promise<void> {
  const file = `./electron.ts?launch=${++launches}`
  const { app } = launch
  const quitted = new Promise((resolve) => app.once('did-quit', resolve))
  const opened = new Promise((resolve) => app.once('web-contents-created', resolve))
  await import(/* @vite-ignore */ file)
  app.evaluated()
  await Promise.race([opened, quitted])
}

/** Quits as a user does, and waits for the end. */
async function quit(): Promise<void> {
  const quitted = new Promise((resolve) => launch.app.once('did-quit', resolve))
  launch.app.quit()
  await quitted
}

const main = () => launch.windows[0]!

const connect = () => connectDesktop(launch, PATIENCE)

test('the window shows the lab, safely', async () => {
  await start()
  expect(launch.app.sandboxed).toBe(true)
  expect(main().url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/)
  await vi.waitFor(() => expect(main().shown).toBe(true), PATIENCE)
  expect(main().options.webPreferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false })
  const page = await main().webContents.page
  // All that the page gets from Electron.
  expect(await page.evaluate('Object.keys(window.dpoDriverDesktop)')).toEqual(['pathOf'])
  expect(await page.evaluate('window.dpoDriverDesktop.pathOf(new File([], "a.gguf"))')).toBe('/dropped/a.gguf')
  expect(await page.evaluate('typeof require')).toBe('undefined')
  const { webContents } = main()
  expect(webContents.session.grants('geolocation')).toBe(false)
  expect(webContents.session.grants('media')).toBe(false)
  expect(webContents.session.grants('clipboard-sanitized-write')).toBe(true)
  expect(webContents.session.grantsDevices).toBe(false)

  const navigate = (event: string, url: string) => {
    const asked = new Asked(url)
    webContents.emit(event, asked)
    return asked.prevented
  }
  const { origin } = new URL(main().url)
  for (const event of ['will-frame-navigate', 'will-redirect']) {
    expect(navigate(event, `${origin}/#/pairs`)).toBe(false)
    for (const url of [
      'https://example.com/',
      'file:///etc/passwd',
      'http://127.0.0.1:1/',
      'javascript:1',
      'nonsense',
    ]) {
      expect(navigate(event, url)).toBe(true)
    }
  }
  expect(['https://example.com/', 'file:///etc/passwd', `${origin}/`].map((url) => webContents.opens(url))).toEqual([
    'deny',
    'deny',
    'deny',
  ])
  expect(launch.opened).toEqual(['https://example.com/'])
  expect(navigate('will-attach-webview', '')).toBe(true)
})

test('tasks are played in hidden windows without network, by the same code', async () => {
  await start()
  const { lab, socket } = await connect()
  const { screen } = await lab.live.record.mutate({ task: 'click-button', seed: 3 })
  expect(launch.windows).toHaveLength(2)
  const [, hidden] = launch.windows
  expect(hidden).toMatchObject({ shown: false, options: { show: false } })
  expect(hidden!.options.webPreferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    devTools: false,
    disableDialogs: true,
  })
  const { session, webRtcPolicy } = hidden!.webContents
  expect(session.partition).not.toMatch(/^persist:/)
  expect(session.grants('clipboard-sanitized-write')).toBe(false)
  expect(
    ['file:///tasks/a.html', 'http://127.0.0.1:80/', 'https://example.com/', 'ws://localhost/'].map((url) =>
      session.loads(url),
    ),
  ).toEqual([true, false, false, false])
  expect(session.proxy).toMatchObject({ proxyRules: 'nowhere.invalid:9' })
  expect(webRtcPolicy).toBe('disable_non_proxied_udp')
  expect(session.downloads).toBe(false)
  expect(launch.app.switches['host-resolver-rules']).toMatch(/^MAP \* ~NOTFOUND/)
  expect(hidden!.webContents.opens('https://example.com/')).toBe('deny')
  expect(launch.opened).toEqual([])

  const seen = new Promise<string>((resolve, reject) => {
    const sights = lab.live.sights.subscribe(
      {},
      {
        onData: ({ jpeg }) => {
          if (jpeg === null) return
          resolve(jpeg)
          sights.unsubscribe()
        },
        onError: reject,
      },
    )
  })
  expect((await seen).length).toBeGreaterThan(1000)
  await lab.live.act.mutate({ screen, action: { kind: 'press', key: 'Tab' } })
  await lab.live.discard.mutate({ screen })
  await socket.close()
  await quit()
  expect(hidden!.isDestroyed()).toBe(true)
})

test('an engine computes in a hidden window without network', async () => {
  await start()
  const gpu = { host: 'auto', name: SOFTWARE, power: null } as const
  const facts = await askAdapter(await startGpuHost(gpu), gpu)
  expect(facts).toMatchObject({ software: true, architecture: 'swiftshader' })
  const hidden = launch.windows.at(-1)!
  expect(hidden).toMatchObject({ shown: false, options: { show: false, webPreferences: { sandbox: true } } })
  expect(hidden.isDestroyed()).toBe(true)
  const { session } = hidden.webContents
  expect(
    ['https://engine.invalid/', 'https://example.com/', 'file:///etc/passwd'].map((url) => session.loads(url)),
  ).toEqual([true, false, false])
  await expect(startGpuHost({ ...gpu, host: 'node' })).rejects.toThrow('computes in a window')
})

test('a run trains in a hidden window', { timeout: 300_000 }, async () => {
  writeSmallLab(folder, cardSettings(await writeTinyModel(join(folder, 'tiny')), 'auto', 4))
  await start()
  const { lab, socket } = await connect()
  await lab.job.start.mutate({ command: 'sft' })
  const idle = async () => (await lab.job.state.query()).status === 'idle'
  await vi.waitUntil(idle, { timeout: 240_000, interval: 500 })
  expect((await lab.job.state.query()).last).toMatchObject({ run: 1, status: 'done', error: null })
  const hidden = launch.windows.slice(1)
  expect(hidden.every(({ shown }) => !shown)).toBe(true)
  expect(hidden.some(({ webContents: { session } }) => session.loads('https://engine.invalid/'))).toBe(true)
  expect(existsSync(join(folder, 'sft/adapter_model.safetensors'))).toBe(true)
  await socket.close()
})

test('the system’s dialogs choose paths, and save the view as PDF', async () => {
  await start()
  const { lab, socket } = await connect()
  expect(await lab.desktop.present.query()).toBe(true)
  expect(await lab.desktop.choose.mutate({ what: 'folder', title: 'Model' })).toEqual({ path: null })
  launch.answers.filePaths = ['/models/mine']
  expect(await lab.desktop.choose.mutate({ what: 'folder', title: 'Model' })).toEqual({ path: '/models/mine' })
  await socket.close()

  const pdf = join(folder, 'view.pdf')
  launch.answers.filePath = pdf
  clickMenu('save-pdf')
  await vi.waitFor(() => expect(existsSync(pdf)).toBe(true), PATIENCE)
  expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-')

  // The lab's own files stay, whatever the dialog's answer is.
  const text = readFileSync(join(folder, 'config.yaml'), 'utf8')
  for (const own of ['config.yaml', 'lab.sqlite', 'golden.jsonl']) {
    launch.answers.filePath = join(folder, own)
    launch.errors.length = 0
    clickMenu('save-pdf')
    await vi.waitFor(() => expect(launch.errors).toEqual([expect.stringMatching(/belongs to/)]), PATIENCE)
  }
  expect(readFileSync(join(folder, 'config.yaml'), 'utf8')).toBe(text)
})

function clickMenu(id: string): void {
  const click = launch.menuItem(id).click as (() => void) | undefined
  click?.()
}

test('the menu goes to the views, in the system’s language', async () => {
  launch.app.locale = 'zh-CN'
  await start()
  const page = await main().webContents.page
  // A click before the window is there is lost.
  await page.waitForSelector('nav', { timeout: PATIENCE })
  expect(launch.menuItem('view-pairs')).toMatchObject({ label: '偏好对', accelerator: 'CmdOrCtrl+3' })
  // The same views, under the same numbers, as the window's.
  const views = Object.keys(words.views)
  expect(views.map((view, at) => launch.menuItem(`view-${view}`).accelerator === `CmdOrCtrl+${at + 1}`)).not.toContain(
    false,
  )
  clickMenu('view-pairs')
  await vi.waitFor(() => expect(page.url()).toMatch(/#\/pairs$/), PATIENCE)
})

test('quitting stops a job only if the user agrees', async () => {
  await start()
  const { lab, socket } = await connect()
  await lab.job.start.mutate({
    command: 'golden',
    overrides: { tasks: ['click-button', 'login-user', 'click-tab'], 'golden.samples_per_task': 40 },
  })
  launch.app.quit()
  await vi.waitFor(() => expect(launch.questions).toHaveLength(1), PATIENCE)
  expect(launch.questions[0]!.message).toBe('Run 1 (golden) is running.')
  const closing = new Asked()
  main().emit('close', closing)
  expect(closing.prevented).toBe(true)
  expect((await lab.job.state.query()).status).toBe('running')
  await socket.close()
  launch.answers.response = 1
  await quit()
  const next = electronStandIn(folder)
  await launch.close()
  launch = next
  await start()
  const again = await connect()
  expect(await again.lab.runs.list.query()).toMatchObject([{ id: 1, status: 'stopped' }])
  await again.socket.close()
})

test('the window opens at its last position, at the same address', async () => {
  await start()
  const { origin } = new URL(main().url)
  main().maximize()
  await quit()
  const next = electronStandIn(folder)
  await launch.close()
  launch = next
  await start()
  expect(main()).toMatchObject({ maximized: true, options: { x: 10, y: 20, width: 1440, height: 900 } })
  expect(new URL(main().url).origin).toBe(origin)
})

test('a notification tells the end of a run to a user who is elsewhere, and leads to the window', async () => {
  await start()
  const { lab, socket } = await connect()
  const failing = { command: 'golden', overrides: { tasks: ['no-such-task'] } } as const
  await lab.job.start.mutate(failing).catch(() => {})
  await vi.waitFor(() => expect(launch.notifications).toHaveLength(1), PATIENCE)
  expect(launch.notifications[0]!.title).toBe('Run 1 (golden) failed')
  launch.notifications[0]!.emit('click')
  expect(main().focused).toBe(true)
  await lab.job.start.mutate(failing).catch(() => {})
  await vi.waitFor(async () => expect((await lab.job.state.query()).last?.run).toBe(2), PATIENCE)
  expect(launch.notifications).toHaveLength(1)
  await socket.close()
})

test('a second launch shows the window of the first', async () => {
  const second = electronStandIn(folder)
  second.app.isSecond = true
  const first = launch
  launch = second
  await start()
  expect(second.windows).toEqual([])
  launch = first
  await start()
  const focused = new Promise((resolve) => main().once('focus', resolve))
  launch.app.emit('second-instance')
  await focused
})

test('an error at the start is shown as a message', async () => {
  writeFileSync(process.argv.at(-1)!, 'project: { sede: 1 }\n')
  await start()
  expect(launch.errors).toEqual([expect.stringMatching(/sede/)])
  expect(launch.windows).toEqual([])
})

test('on a Chinese system an error at the start is shown in Chinese', async () => {
  writeFileSync(process.argv.at(-1)!, 'project: { sede: 1 }\n')
  launch.app.locale = 'zh-CN'
  await start()
  expect(launch.errors).toEqual([expect.stringMatching(/没有设置 project\.sede/)])
})
