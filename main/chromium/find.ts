/** Finds Chromium on this machine, or gets it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { EnvironmentFault, faultOf, within } from './fault.ts'

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
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new EnvironmentFault('aptNeedsRoot')
  const run = promisify(execFile)
  const options = { timeout: 300_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  await run('apt-get', ['update', '-q'], options)
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options)
  const found = await findChromium()
  if (found === undefined) throw new EnvironmentFault('chromiumNotInPath')
  return found
}
