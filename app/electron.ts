/**
 * The lab as a desktop app: its window, its menu, the system's dialogs, and hidden windows for the pages of tasks. Only
 * this file and home.ts import Electron, and preload.cjs in the window's sandbox. The window shows the page that any browser would,
 * from the same server on loopback. All that the preload adds is the path of a file that is dropped on the window. There is no IPC.
 */
import './home.ts'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  app,
  BrowserWindow,
  dialog,
  Menu,
  Notification,
  nativeTheme,
  type Session,
  screen,
  session,
  shell,
  type WebContents,
  type WebPreferences,
} from 'electron'
import type { HiddenWindow } from '../main/chromium/window.ts'
import type { Settings } from '../main/config/settings.ts'
import { mayHaveCard } from '../main/engine/host/may-have-card.ts'
import { projectPath } from '../main/files/paths.ts'
import type { Jobs } from '../main/jobs.ts'
import { UserError } from '../main/messages/error.ts'
import { speakerFor } from '../main/messages/languages.ts'
import { message } from '../main/messages/message.ts'
import type { Desktop } from '../main/rpc/trpc.ts'
import { type MenuActions, menuTemplate } from './menu.ts'
import type { Web } from './web.ts'
import { readWindowState, type WindowState, writeWindowState } from './window-state.ts'

const SAFE: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  webviewTag: false,
  navigateOnDragDrop: false,
}
/** Tells the lab's window where dropped files lie. */
const PRELOAD = join(import.meta.dirname, 'preload.cjs')
/** The smallest window that all views fit into. */
const LEAST = { minWidth: 1024, minHeight: 640 }

interface Lab {
  readonly web: Web
  readonly jobs: Jobs
  readonly settings: Settings
  readonly folder: string
}

let lab: Lab | undefined
let main: BrowserWindow | undefined
/** The last notification. Without a reference it would be collected, and a click on it lost. */
let told: Notification | undefined
let isLeaving = false
/** Whether everything is closed, so that the app may quit. */
let finished = false
/** Hidden windows that were opened so far. */
let hiddenWindows = 0

const stateFile = () => join(app.getPath('userData'), 'window.json')

/** Opens the lab, and the window that shows it. */
async function open(): Promise<void> {
  const args = process.argv.slice(app.isPackaged ? 1 : 2)
  const { values } = parseArgs({ args, options: { config_path: { type: 'string' } }, strict: false })
  const { serveLab } = await import('./web.ts')
  const { PROJECT_ROOT } = await import('../main/files/paths.ts')
  const { Settings } = await import('../main/config/settings.ts')
  const { windowHost } = await import('../main/environment/debugger.ts')
  const { windowPages } = await import('../main/engine/host/page-host.ts')
  const { openHostPagesWith } = await import('../main/engine/host/gpu-host.ts')

  openHostPagesWith(windowPages(openEngineWindow))
  const settings = new Settings(typeof values.config_path === 'string' ? values.config_path : undefined)
  const options = { settings, desktop, pages: () => windowHost(openTaskWindow) }
  const areas = screen.getAllDisplays().map(({ workArea }) => workArea)
  const state = readWindowState(stateFile(), areas)
  const web = await serveLab({ ...options, port: state.port }).catch((error: unknown) => {
    if (state.port === 0 || !(error instanceof UserError)) throw error
    return serveLab(options)
  })
  const jobs = await web.jobs.catch(async (error: unknown) => {
    await web.close()
    throw error
  })
  lab = { web, jobs, settings, folder: PROJECT_ROOT }
  const { endedMessage } = await import('../main/tracking/webhook.ts')
  const say = await speakerFor(app.getLocale())
  jobs.subscribe(({ last }, before) => {
    if (last !== null && last !== before.last) notify(say(endedMessage(last)))
  })
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(ACTIONS, process.platform, app.getLocale())))
  main = openMainWindow(web.url, state)
}

// Windows

function openMainWindow(url: string, { bounds, maximized }: WindowState): BrowserWindow {
  const { origin } = new URL(url)
  const own = session.fromPartition('persist:lab')
  refusePermissions(own, ['clipboard-sanitized-write'])
  const window = new BrowserWindow({
    ...(bounds ?? { width: 1440, height: 900 }),
    ...LEAST,
    show: false,
    title: app.getName(),
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#0c0f12' : '#ffffff',
    webPreferences: { ...SAFE, session: own, preload: PRELOAD, devTools: !app.isPackaged },
  })
  if (maximized) window.maximize()
  window.webContents.on('will-frame-navigate', (event) => {
    if (URL.parse(event.url)?.origin !== origin) event.preventDefault()
  })
  window.webContents.on('will-redirect', (event) => {
    if (URL.parse(event.url)?.origin !== origin) event.preventDefault()
  })
  window.once('ready-to-show', () => window.show())
  window.on('close', (event) => {
    if (finished) return
    event.preventDefault()
    app.quit()
  })
  void tell(() => window.loadURL(url))
  return window
}

/** A hidden window for the page of a task. It shares nothing with other windows and has no network. */
function openTaskWindow(): HiddenWindow {
  return openHidden(`task-${++hiddenWindows}`, /^(file|data|blob|about):/)
}

/** A hidden window for the page of an engine that computes on the graphics card. Its own files come over its debugger. */
function openEngineWindow(): HiddenWindow {
  return openHidden(`engine-${++hiddenWindows}`, /^(https:\/\/engine\.invalid\/|about:)/)
}

/** `partition` names its session, and `allowed` the addresses that its page may load. */
function openHidden(partition: string, allowed: RegExp): HiddenWindow {
  // A partition whose name does not begin with "persist:" lives in memory.
  const own = session.fromPartition(partition)
  refusePermissions(own, [])
  own.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !allowed.test(url) }))
  // A name that nothing resolves, so that no port of this machine is asked either.
  void own.setProxy({ proxyRules: 'nowhere.invalid:9', proxyBypassRules: '<-loopback>' })
  own.on('will-download', (event) => event.preventDefault())
  const window = new BrowserWindow({
    show: false,
    width: 500,
    height: 320,
    useContentSize: true,
    webPreferences: { ...SAFE, session: own, devTools: false, backgroundThrottling: false, disableDialogs: true },
  })
  window.webContents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
  window.webContents.setAudioMuted(true)
  // Errors reach the debugger.
  window.loadURL('about:blank').catch(() => {})
  const destroy = () => {
    if (!window.isDestroyed()) window.destroy()
  }
  return { debugger: window.webContents.debugger, destroy }
}

/** Rules for every page of this app: it opens no new windows and leads to no other pages. */
function confine(contents: WebContents): void {
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    // A link to the web opens in the user's own browser, and only from the lab's own window.
    if (contents === main?.webContents && url.startsWith('https://')) void shell.openExternal(url)
    return { action: 'deny' }
  })
}

function refusePermissions(own: Session, granted: readonly string[]): void {
  own.setPermissionRequestHandler((_contents, permission, answer) => answer(granted.includes(permission)))
  own.setPermissionCheckHandler((_contents, permission) => granted.includes(permission))
  own.setDevicePermissionHandler(() => false)
}

function showMain(): void {
  if (main?.isMinimized()) main.restore()
  main?.show()
  main?.focus()
}

/** Tells the end of a run, unless the user looks at the window. */
function notify(title: string): void {
  if (main?.isFocused() || !Notification.isSupported()) return
  told = new Notification({ title })
  told.on('click', showMain)
  told.show()
}

// What the menu and the lab call

const ACTIONS: MenuActions = {
  goTo: (view) => inPage(`location.hash = ${JSON.stringify(`#/${view}`)}`),
  showShortcuts: () =>
    inPage(`document.documentElement.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))`),
  savePdf: () => void tell(savePdf),
  openFolder: () => void shell.openPath(lab?.folder ?? ''),
  runAll: () => void tell(runAll),
  stop: () => void lab?.jobs.stop(),
}

const desktop: Desktop = {
  async choose(what, title) {
    const properties: ('openDirectory' | 'openFile')[] = [what === 'folder' ? 'openDirectory' : 'openFile']
    const { filePaths } = await dialog.showOpenDialog({ title, properties })
    return filePaths[0] ?? null
  },
}

function inPage(script: string): void {
  // The page may be gone or loading.
  main?.webContents.executeJavaScript(script).catch(() => {})
}

async function savePdf(): Promise<void> {
  if (main === undefined) return
  const filters = [{ name: 'PDF', extensions: ['pdf'] }]
  const { filePath } = await dialog.showSaveDialog(main, { defaultPath: 'lab.pdf', filters })
  if (!filePath || lab === undefined) return
  const { settings } = lab
  const { refuseOutputFile } = await import('../main/pipeline/output.ts')
  const { otherPlaces } = await import('./commands/config.ts')
  const config = settings.read()
  refuseOutputFile(config, filePath, await otherPlaces(config, { config_path: projectPath(settings.shown) }))
  const { writeFileAtomic } = await import('../main/files/file.ts')
  writeFileAtomic(filePath, await main.webContents.printToPDF({ printBackground: true, landscape: true }))
}

async function runAll(): Promise<void> {
  await lab?.jobs.start({ command: 'pipeline', config: lab.settings.read(), resume: null })
}

/** Runs the work, and shows its error to the user. */
async function tell(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // Pages that are closed while the app quits fail to load.
    if (finished) return
    dialog.showErrorBox(app.getName(), await inWords(error))
  }
}

/** The text of an error, in the language of the system. */
async function inWords(error: unknown): Promise<string> {
  if (error instanceof UserError) return error.messages.map(await speakerFor(app.getLocale())).join('\n')
  return error instanceof Error ? error.message : String(error)
}

// Quitting

/** Closes everything and quits, unless the user wants a running job to go on. */
async function leave(): Promise<void> {
  const current = lab?.jobs.state.current
  if (current && !(await mayStop(current))) return
  if (lab !== undefined && main !== undefined) {
    const port = Number(new URL(lab.web.url).port)
    const state = { bounds: main.getNormalBounds(), maximized: main.isMaximized(), port }
    await tell(async () => writeWindowState(stateFile(), state))
  }
  await tell(async () => lab?.web.close())
  quit()
}

async function mayStop({ command, run }: { readonly command: string; readonly run: number }): Promise<boolean> {
  const say = await speakerFor(app.getLocale())
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: say(message('quitWhileRunning', { run, command })),
    detail: say(message('quitStopsRun')),
    buttons: [say(message('quitKeep')), say(message('quitStop'))],
    defaultId: 0,
    cancelId: 0,
  })
  return response === 1
}

function quit(): void {
  finished = true
  app.quit()
}

// Starting

// No page asks for a name on the network: the lab's own window knows its server by the address, and pages of tasks have none.
app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1')
if (process.platform === 'linux') {
  app.commandLine.appendSwitch('enable-unsafe-webgpu')
  // With Vulkan, Chromium's windows do not work on Wayland itself.
  const wayland = (process.env.WAYLAND_DISPLAY ?? '') !== ''
  if (mayHaveCard() && !wayland) app.commandLine.appendSwitch('enable-features', 'Vulkan')
}
// Windows shows no notification of a program without this name, which is the installer's.
if (process.platform === 'win32') app.setAppUserModelId('lab.dpo-driver')
app.enableSandbox()
if (app.requestSingleInstanceLock()) {
  app.on('second-instance', showMain)
  app.on('web-contents-created', (_event, contents) => confine(contents))
  app.on('before-quit', (event) => {
    if (finished) return
    event.preventDefault()
    if (isLeaving) return
    isLeaving = true
    void tell(leave).finally(() => {
      isLeaving = false
    })
  })
  // Electron is ready only after this file has been evaluated: whoever awaits that here waits forever.
  void app.whenReady().then(async () => {
    await tell(open)
    if (lab === undefined) quit()
  })
} else {
  quit()
}
