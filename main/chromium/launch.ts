/** Starts a headless Chromium of the lab's own, and connects puppeteer to it. */
import type { Browser, Viewport } from 'puppeteer-core'
import { UserError } from '../messages/error.ts'
import { EnvironmentFault, within } from './fault.ts'
import { findChromium } from './find.ts'
import { hindrance, launchFailure } from './launch-failure.ts'
import { type Chromium, startChromium } from './process.ts'

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
  // No other windows, and no question that nobody would answer.
  '--block-new-web-contents',
  '--deny-permission-prompts',
  // Popups of the address bar are pages too, and start more slowly than the rest of the browser.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  // Pages must not reach the network: no name resolves, and the proxy is a closed port.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--proxy-server=127.0.0.1:9',
  '--proxy-bypass-list=<-loopback>',
  // The first name is that of newer versions.
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  ...(isRoot ? ['--no-sandbox'] : []),
]

/** A running browser, and its processes. */
export interface Running {
  readonly browser: Browser
  readonly chromium: Chromium
  readonly executable: string
}

export interface LaunchOptions {
  /** Default: findChromium's. */
  readonly executable?: string | undefined
  /** More flags: every Chromium of the lab is quiet and without network. */
  readonly flags: readonly string[]
  readonly variables?: NodeJS.ProcessEnv
  /** The size of pages; null leaves it to the window. */
  readonly viewport: Viewport | null
  /** Milliseconds for its first answer. */
  readonly limit: number
  /** Whether nobody wants it any more: then it is not started again. */
  readonly unwanted?: () => boolean
}

/**
 * Starts Chromium, and again if another process kills it at once or it does not answer in its time.
 * @throws UserError where there is none, or it does not start.
 */
export async function launchChromium({ flags, viewport, limit, ...options }: LaunchOptions): Promise<Running> {
  const { variables = {}, unwanted = () => false } = options
  const executable = options.executable ?? (await findChromium())
  if (executable === undefined) throw new UserError('browserMissing')
  const inVain = hindrance(executable)
  if (inVain !== undefined) throw inVain
  for (let time = 1; ; time++) {
    const chromium = await startChromium(executable, await argsFor(flags), variables)
    try {
      return { browser: await connect(chromium, viewport, limit), chromium, executable }
    } catch (error) {
      const ended = await chromium.end()
      if (unwanted()) throw error
      const tries = error instanceof EnvironmentFault ? STARTS.late : STARTS.killed
      if (time === tries || !ended.killed) throw launchFailure(executable, error, ended)
    }
  }
}

/** Chromium's arguments for a profile. */
async function argsFor(flags: readonly string[]): Promise<(profile: string) => string[]> {
  // Imported with the first page, so that the lab's window opens sooner.
  const { defaultArgs } = await import('puppeteer-core')
  return (userDataDir) => [
    ...defaultArgs({ args: [...FLAGS, ...flags], headless: true, userDataDir }),
    '--remote-debugging-pipe',
  ]
}

/** Waits until Chromium answers, at most `limit` milliseconds. */
async function connect({ transport, ended }: Chromium, viewport: Viewport | null, limit: number): Promise<Browser> {
  const { connect } = await import('puppeteer-core')
  // Without a limit of puppeteer's, which would count the time in which this process stands still.
  const connected = connect({ transport, defaultViewport: viewport, protocolTimeout: 0 })
  // Where the system could not start it, there is not even a pipe that closes.
  const end = ended.then(({ how }) => Promise.reject(new Error(how)))
  return within(limit, 'startBrowser', Promise.race([connected, end]))
}
