/** Finds Chromium, starts it, and opens pages that can reach only their own files. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'puppeteer-core'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { reasonOf } from '../messages/reason.ts'
import { BROWSER_LANGUAGE, VIEWPORT } from './emulation.ts'
import { EnvironmentFault, faultOf, within } from './fault.ts'

/** Opens pages for tasks: in Chromium, or in windows of the desktop app. */
export interface BrowserHost {
  /** A fresh page that shares nothing with others. Throws EnvironmentFault when the browser does not answer. */
  open(): Promise<Page>
  close(): Promise<void>
}

const LAUNCH_LIMIT = 30_000
const OPEN_LIMIT = 15_000

const isRoot = process.getuid?.() === 0

const FLAGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--mute-audio',
  BROWSER_LANGUAGE.flag,
  '--disable-gpu',
  // Popups of the address bar are pages too, and start more slowly than the rest of the browser.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  // Tasks must not reach the network: no name resolves, and the proxy is a closed port.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--proxy-server=127.0.0.1:9',
  '--proxy-bypass-list=<-loopback>',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  ...(isRoot ? ['--no-sandbox'] : []),
]

const INSTALLED: Readonly<Record<string, readonly string[]>> = {
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'chrome'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
}

const CACHE = path.join(homedir(), '.cache', 'dpo-driver', 'browsers')

/**
 * The path of a Chromium on this machine: CHROME_PATH, an installed browser, or an earlier download.
 * @throws UserError where CHROME_PATH names no file.
 */
export async function findChromium(chromePath = process.env.CHROME_PATH): Promise<string | undefined> {
  if (chromePath !== undefined && chromePath !== '') {
    if (existsSync(chromePath)) return chromePath
    throw new UserError('chromePathMissing', { path: chromePath })
  }
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  for (const name of INSTALLED[process.platform] ?? []) {
    const candidates = path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name))
    const found = candidates.find((candidate) => existsSync(candidate))
    if (found !== undefined) return found
  }
  if (!existsSync(CACHE)) return undefined
  const { getInstalledBrowsers } = await import('@puppeteer/browsers')
  return (await getInstalledBrowsers({ cacheDir: CACHE })).map((browser) => browser.executablePath).find(existsSync)
}

/**
 * The path of a Chromium. Where there is none, it is downloaded into the user's cache, or installed by apt-get for root
 * on Debian.
 * @throws UserError when neither works.
 */
export async function fetchChromium(say: (line: string) => void = () => {}): Promise<string> {
  const found = await findChromium()
  if (found !== undefined) return found
  const failures: Message[] = []
  for (const [how, get, failed] of [
    ['the download of Chrome', downloadChrome, 'chromeDownloadFailed'],
    ['apt-get install chromium', installDebian, 'chromiumPackageFailed'],
  ] as const) {
    try {
      say(`No Chromium found; trying ${how}`)
      return await get()
    } catch (error) {
      failures.push(message(failed, { why: faultOf(error) }))
    }
  }
  throw new UserError('browserNotInstalled', { failures })
}

async function downloadChrome(): Promise<string> {
  const { Browser, computeExecutablePath, detectBrowserPlatform, install, resolveBuildId } = await import(
    '@puppeteer/browsers'
  )
  const platform = detectBrowserPlatform()
  if (platform === undefined) throw new EnvironmentFault('noChromeForSystem')
  const options = { browser: Browser.CHROMEHEADLESSSHELL, platform, cacheDir: CACHE }
  const buildId = await within(15_000, 'askChromeVersion', resolveBuildId(options.browser, platform, 'stable'))
  await within(300_000, 'downloadChrome', install({ ...options, buildId }))
  return computeExecutablePath({ ...options, buildId })
}

async function installDebian(): Promise<string> {
  if (!isRoot || !existsSync('/usr/bin/apt-get')) throw new EnvironmentFault('aptNeedsRoot')
  const run = promisify(execFile)
  const options = { timeout: 300_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  await run('apt-get', ['update', '-q'], options)
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options)
  const found = await findChromium()
  if (found === undefined) throw new EnvironmentFault('chromiumNotInPath')
  return found
}

/** A host with headless Chromium, which starts with the first page, and again after it has died. */
export function chromiumHost(executablePath?: string): BrowserHost {
  let browser: Promise<Browser> | undefined
  let closed = false

  const start = async (): Promise<Browser> => {
    const executable = executablePath ?? (await findChromium())
    if (executable === undefined) throw new UserError('browserMissing')
    try {
      // Imported with the first page, so that the lab's window opens sooner.
      const { launch } = await import('puppeteer-core')
      const started = await launch({
        executablePath: executable,
        args: FLAGS,
        env: { ...process.env, ...BROWSER_LANGUAGE.variables },
        headless: true,
        // With a pipe, the browser ends with this process, even when that is killed, and no other process can connect
        // to it.
        pipe: true,
        timeout: LAUNCH_LIMIT,
        protocolTimeout: LAUNCH_LIMIT,
        defaultViewport: VIEWPORT,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      })
      started.once('disconnected', () => {
        browser = undefined
      })
      return started
    } catch (error) {
      throw new UserError('browserDidNotStart', { path: executable, why: faultOf(error) })
    }
  }
  /** The running browser, or a new one. Simultaneous callers get the same one. */
  const running = (): Promise<Browser> => {
    if (closed) throw new EnvironmentFault('browserClosed')
    browser ??= start().catch((error: unknown) => {
      browser = undefined
      throw error
    })
    return browser
  }

  return {
    async open() {
      const current = await running()
      const open = async (): Promise<Page> => (await current.createBrowserContext()).newPage()
      try {
        return await within(OPEN_LIMIT, 'openPage', open())
      } catch (error) {
        // The next call starts another browser.
        await kill(current)
        throw error instanceof EnvironmentFault
          ? error
          : new EnvironmentFault('browserFailed', { detail: reasonOf(error) })
      }
    },
    async close() {
      closed = true
      const current = await browser?.catch(() => undefined)
      if (current !== undefined) await kill(current)
    },
  }
}

async function kill(browser: Browser): Promise<void> {
  await within(5_000, 'closeBrowser', browser.close()).catch(() => browser.process()?.kill('SIGKILL'))
}
