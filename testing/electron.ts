/**
 * For tests: the part of Electron that app/electron.ts uses, with windows that are pages of a real Chromium. Tests can read
 * the app's decisions, and act as users and pages do.
 */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MenuItemConstructorOptions, WebPreferences } from 'electron'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { findChromium } from '../main/chromium/find.ts'
import { SOFTWARE_WITHOUT } from '../main/engine/host/adapter.ts'
import { DebuggerStandIn } from './electron-debugger.ts'

type Bounds = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** An event that can be prevented. */
export class Asked {
  prevented = false
  readonly url: string

  constructor(url = '') {
    this.url = url
  }

  preventDefault(): void {
    this.prevented = true
  }
}

type OnRequest = (contents: unknown, permission: string, answer: (granted: boolean) => void) => void
type OnCheck = (contents: unknown, permission: string) => boolean
type OnBeforeRequest = (details: { url: string }, answer: (response: { cancel?: boolean }) => void) => void
type OnWindowOpen = (details: { url: string }) => { action: string }

class SessionStandIn extends EventEmitter {
  readonly partition: string
  proxy: unknown
  #request: OnRequest = () => {}
  #check: OnCheck = () => true
  #device: () => boolean = () => true
  #before: OnBeforeRequest = (_, answer) => answer({})

  readonly webRequest = {
    onBeforeRequest: (listener: OnBeforeRequest) => {
      this.#before = listener
    },
  }

  constructor(partition: string) {
    super()
    this.partition = partition
  }

  setPermissionRequestHandler(handler: OnRequest): void {
    this.#request = handler
  }

  setPermissionCheckHandler(handler: OnCheck): void {
    this.#check = handler
  }

  setDevicePermissionHandler(handler: () => boolean): void {
    this.#device = handler
  }

  async setProxy(proxy: unknown): Promise<void> {
    this.proxy = proxy
  }

  /** Whether a page gets the permission; undefined if the two ways to ask give different answers. */
  grants(permission: string): boolean | undefined {
    let requested: boolean | undefined
    this.#request({}, permission, (granted) => {
      requested = granted
    })
    return requested === this.#check({}, permission) ? requested : undefined
  }

  get grantsDevices(): boolean {
    return this.#device()
  }

  /** Whether a page may download. */
  get downloads(): boolean {
    const asked = new Asked()
    this.emit('will-download', asked)
    return !asked.prevented
  }

  /** Whether a page may load from that address. */
  loads(url: string): boolean {
    let cancelled: boolean | undefined
    this.#before({ url }, ({ cancel }) => {
      cancelled = cancel
    })
    return cancelled !== true
  }
}

class WebContentsStandIn extends EventEmitter {
  readonly session: SessionStandIn
  readonly debugger: DebuggerStandIn
  readonly page: Promise<Page>
  webRtcPolicy = ''
  #opens: OnWindowOpen = () => ({ action: 'allow' })

  constructor(page: Promise<Page>, own: SessionStandIn) {
    super()
    // A test can end before its page has opened.
    page.catch(() => {})
    this.page = page
    this.session = own
    this.debugger = new DebuggerStandIn(page)
  }

  setWindowOpenHandler(handler: OnWindowOpen): void {
    this.#opens = handler
  }

  /** The app's answer to a page that wants to open a new window. */
  opens(url: string): string {
    return this.#opens({ url }).action
  }

  setWebRTCIPHandlingPolicy(policy: string): void {
    this.webRtcPolicy = policy
  }

  setAudioMuted(): void {}

  async executeJavaScript(script: string): Promise<unknown> {
    return (await this.page).evaluate(script)
  }

  async printToPDF(): Promise<Buffer> {
    return Buffer.from(await (await this.page).pdf())
  }
}

export interface WindowOptions extends Partial<Bounds> {
  readonly show?: boolean
  readonly webPreferences: Omit<WebPreferences, 'session'> & { readonly session: SessionStandIn }
}

/** A preload script with what it has of Electron in its sandbox. Dropped files lie in /dropped. */
function sandboxed(preload: string): string {
  const electron = `{
    contextBridge: { exposeInMainWorld: (name, api) => { window[name] = api } },
    webUtils: { getPathForFile: (file) => '/dropped/' + file.name },
  }`
  return `((require) => { ${readFileSync(preload, 'utf8')} })((name) => (name === 'electron' ? ${electron} : undefined))`
}

/** A window as tests see it. */
export class WindowStandIn extends EventEmitter {
  readonly options: WindowOptions
  readonly webContents: WebContentsStandIn
  shown: boolean
  url = ''
  maximized = false
  #destroyed = false

  constructor(page: Promise<Page>, options: WindowOptions) {
    super()
    this.options = options
    this.shown = options.show ?? true
    this.webContents = new WebContentsStandIn(page, options.webPreferences.session)
  }

  async loadURL(url: string): Promise<void> {
    this.url = url
    const page = await this.webContents.page
    const { preload } = this.options.webPreferences
    if (preload !== undefined) await page.evaluateOnNewDocument(sandboxed(preload))
    await page.goto(url)
    this.emit('ready-to-show')
  }

  show(): void {
    this.shown = true
  }

  focus(): void {
    this.focused = true
    this.emit('focus')
  }

  /** Whether the user looks at it. */
  focused = false

  isFocused(): boolean {
    return this.focused
  }

  isMinimized(): boolean {
    return false
  }

  restore(): void {}

  maximize(): void {
    this.maximized = true
  }

  isMaximized(): boolean {
    return this.maximized
  }

  getNormalBounds(): Bounds {
    const { x = 10, y = 20, width = 800, height = 600 } = this.options
    return { x, y, width, height }
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  destroy(): void {
    this.#destroyed = true
    this.emit('closed')
    void this.webContents.page.then((page) => page.browserContext().close()).catch(() => {})
  }
}

class AppStandIn extends EventEmitter {
  isPackaged = false
  sandboxed = false
  /** Whether another instance of this app is running. */
  isSecond = false
  locale = 'en-US'
  readonly #userData: string
  readonly #evaluated = Promise.withResolvers<void>()

  constructor(userData: string) {
    super()
    this.#userData = userData
  }

  readonly switches: Record<string, string> = {}
  readonly commandLine = {
    appendSwitch: (name: string, value: string) => {
      this.switches[name] = value
    },
  }

  enableSandbox(): void {
    this.sandboxed = true
  }

  requestSingleInstanceLock(): boolean {
    return !this.isSecond
  }

  /** Resolves as Electron's does: not before the app's main file is evaluated, with all that it awaits. */
  whenReady(): Promise<void> {
    return this.#evaluated.promise
  }

  /** Called when the app's main file is evaluated. */
  evaluated(): void {
    this.#evaluated.resolve()
  }

  getName(): string {
    return 'DPO-Driver Lab'
  }

  getPath(name: string): string {
    return name === 'userData' ? this.#userData : join(this.#userData, name)
  }

  getLocale(): string {
    return this.locale
  }

  /** Asks as Electron does, and emits `did-quit` if nobody prevents it. */
  quit(): void {
    const asked = new Asked()
    this.emit('before-quit', asked)
    if (!asked.prevented) this.emit('did-quit')
  }
}

/** The module `electron` of one launch; `userData` is the app's own folder. */
export function electronStandIn(userData: string) {
  const app = new AppStandIn(userData)
  const windows: WindowStandIn[] = []
  const sessions = new Map<string, SessionStandIn>()
  const errors: string[] = []
  const opened: string[] = []
  /** The user's answers to dialogs. */
  const answers = { response: 0, filePath: '', filePaths: [] as string[] }
  const notifications: (EventEmitter & { readonly title: string })[] = []
  const questions: { message: string }[] = []
  let menu: MenuItemConstructorOptions[] = []
  let browser: Promise<Browser> | undefined

  const newPage = async (): Promise<Page> => {
    browser ??= findChromium().then((executablePath) =>
      puppeteer.launch({
        ...(executablePath === undefined ? {} : { executablePath }),
        args: [
          // The software adapter for WebGPU.
          '--enable-unsafe-webgpu',
          '--use-webgpu-adapter=swiftshader',
          `--disable-dawn-features=${SOFTWARE_WITHOUT}`,
          '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
          ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ],
        pipe: true,
      }),
    )
    return (await (await browser).createBrowserContext()).newPage()
  }

  class BrowserWindow extends WindowStandIn {
    constructor(options: WindowOptions) {
      super(newPage(), options)
      windows.push(this)
      app.emit('web-contents-created', {}, this.webContents)
    }
  }

  const electron = {
    app,
    BrowserWindow,
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (template: MenuItemConstructorOptions[]) => {
        menu = template
      },
    },
    dialog: {
      showErrorBox: (_title: string, text: string) => errors.push(text),
      showMessageBox: async (question: { message: string }) => {
        questions.push(question)
        return { response: answers.response }
      },
      showSaveDialog: async () => ({ canceled: answers.filePath === '', filePath: answers.filePath }),
      showOpenDialog: async () => ({ canceled: answers.filePaths.length === 0, filePaths: answers.filePaths }),
    },
    Notification: class extends EventEmitter {
      static isSupported = () => true
      readonly title: string

      constructor({ title }: { readonly title: string }) {
        super()
        this.title = title
      }

      show(): void {
        notifications.push(this)
      }
    },
    nativeTheme: { shouldUseDarkColors: false },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: {
      fromPartition(partition: string) {
        const own = sessions.get(partition) ?? new SessionStandIn(partition)
        sessions.set(partition, own)
        return own
      },
    },
    shell: {
      openExternal: async (url: string) => void opened.push(url),
      openPath: async (path: string) => void opened.push(path),
    },
  }

  return {
    electron,
    app,
    windows,
    errors,
    opened,
    answers,
    questions,
    notifications,
    /** The menu item with that id. */
    menuItem(id: string): MenuItemConstructorOptions {
      const items = menu.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
      const item = items.find((one) => one.id === id)
      if (item === undefined) throw new Error(`The menu has no item ${id}.`)
      return item
    },
    async close(): Promise<void> {
      await (await browser)?.close()
    },
  }
}
export type ElectronStandIn = ReturnType<typeof electronStandIn>
