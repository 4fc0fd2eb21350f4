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
import { type Chromium, startChromium } from './chromium.ts'
import { BROWSER_LANGUAGE, VIEWPORT } from './emulation.ts'
import { EnvironmentFault, faultOf, within } from './fault.ts'
import { hindrance, knownCause, launchFailure } from './launch-failure.ts'

/** Opens pages for tasks: in Chromium, or in windows of the desktop app. */
export interface BrowserHost {
  /** A fresh page that shares nothing with others. Throws EnvironmentFault when the browser does not answer. */
  open(): Promise<Page>
  close(): Promise<void>
}

/** Most time for the work of a browser, in milliseconds. */
export const BROWSER_LIMITS = { start: 30_000, open: 15_000, close: 5_000 }
/** How often a browser is started that another process kills at once, and one that does not answer in its time. */
const STARTS = { killed: 12, late: 3 }

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
  // No other windows, and no question that nobody would answer.
  '--block-new-web-contents',
  '--deny-permission-prompts',
  // A script that eats memory ends its own page, long before the machine has none.
  '--js-flags=--max-old-space-size=512',
  // Popups of the address bar are pages too, and start more slowly than the rest of the browser.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  // Tasks must not reach the network: no name resolves, and the proxy is a closed port.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--proxy-server=127.0.0.1:9',
  '--proxy-bypass-list=<-loopback>',
  // The first name is that of newer versions.
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
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

/** A running browser, and its processes. */
interface Running {
  readonly browser: Browser
  readonly chromium: Chromium
  readonly executable: string
}

/** A host with headless Chromium, which starts with the first page, and again after it has died. */
export function chromiumHost(executablePath?: string, limits: typeof BROWSER_LIMITS = BROWSER_LIMITS): BrowserHost {
  let current: Promise<Running> | undefined
  let closed = false

  const start = async (): Promise<Running> => {
    const executable = executablePath ?? (await findChromium())
    if (executable === undefined) throw new UserError('browserMissing')
    const inVain = hindrance(executable)
    if (inVain !== undefined) throw inVain
    for (let time = 1; ; time++) {
      const chromium = await startChromium(executable, await argsFor(), BROWSER_LANGUAGE.variables)
      try {
        return { browser: await connect(chromium, limits.start), chromium, executable }
      } catch (error) {
        const ended = await chromium.end()
        if (closed) throw error
        const tries = error instanceof EnvironmentFault ? STARTS.late : STARTS.killed
        if (time === tries || !ended.killed) throw launchFailure(executable, error, ended)
      }
    }
  }
  /** The next call of `running` starts another browser. */
  const forget = (gone: Promise<Running>) => {
    if (current === gone) current = undefined
  }
  /** The running browser, or a new one. Simultaneous callers get the same one. */
  const running = (): Promise<Running> => {
    if (closed) throw new EnvironmentFault('browserClosed')
    if (current !== undefined) return current
    const started = start()
    current = started
    const ended = started.then(async ({ chromium }) => {
      await chromium.ended
      forget(started)
      await chromium.end()
    })
    ended.catch(() => forget(started))
    return started
  }

  return {
    async open() {
      const used = running()
      const { browser, chromium, executable } = await used
      const options = { downloadBehavior: { policy: 'deny' } } as const
      const open = async (): Promise<Page> => (await browser.createBrowserContext(options)).newPage()
      try {
        return await within(limits.open, 'openPage', open())
      } catch (error) {
        forget(used)
        const ended = await chromium.end()
        const detail = ended.killed ? reasonOf(error) : ended.how
        throw (
          knownCause(executable, ended) ??
          (error instanceof EnvironmentFault ? error : new EnvironmentFault('browserFailed', { detail }))
        )
      }
    },
    async close() {
      closed = true
      const { browser, chromium } = (await current?.catch(() => undefined)) ?? {}
      await within(limits.close, 'closeBrowser', Promise.resolve(browser?.close())).catch(() => {})
      await chromium?.end()
    },
  }
}

/** Chromium's arguments for a profile. */
async function argsFor(): Promise<(profile: string) => string[]> {
  // Imported with the first page, so that the lab's window opens sooner.
  const { defaultArgs } = await import('puppeteer-core')
  return (userDataDir) => [...defaultArgs({ args: [...FLAGS], headless: true, userDataDir }), '--remote-debugging-pipe']
}

/** Waits until Chromium answers, at most `limit` milliseconds. */
async function connect({ transport, ended }: Chromium, limit: number): Promise<Browser> {
  const { connect } = await import('puppeteer-core')
  // Without a limit of puppeteer's, which would count the time in which this process stands still.
  const connected = connect({ transport, defaultViewport: VIEWPORT, protocolTimeout: 0 })
  // Where the system could not start it, there is not even a pipe that closes.
  const end = ended.then(({ how }) => Promise.reject(new Error(how)))
  return within(limit, 'startBrowser', Promise.race([connected, end]))
}
