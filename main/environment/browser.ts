/** Opens pages in a Chromium that can reach only their own files. */
import type { Page } from 'puppeteer-core'
import { EnvironmentFault, within } from '../chromium/fault.ts'
import { launchChromium, type Running } from '../chromium/launch.ts'
import { knownCause } from '../chromium/launch-failure.ts'
import { reasonOf } from '../messages/reason.ts'
import { BROWSER_LANGUAGE, VIEWPORT } from './emulation.ts'

/** Opens pages for tasks: in Chromium, or in windows of the desktop app. */
export interface BrowserHost {
  /** A fresh page that shares nothing with others. Throws EnvironmentFault when the browser does not answer. */
  open(): Promise<Page>
  close(): Promise<void>
}

/** Most time for the work of a browser, in milliseconds. */
export const BROWSER_LIMITS = { start: 30_000, open: 15_000, close: 5_000 }

const FLAGS = [
  BROWSER_LANGUAGE.flag,
  '--disable-gpu',
  // A script that eats memory ends its own page, long before the machine has none.
  '--js-flags=--max-old-space-size=512',
]

/** Rejects when the browser has ended: puppeteer would wait for its page until the time is up. */
async function endOf({ ended }: Running['chromium']): Promise<never> {
  await ended
  throw new Error('The browser has ended.')
}

/** A host with headless Chromium, which starts with the first page, and again after it has died. */
export function chromiumHost(executablePath?: string, limits: typeof BROWSER_LIMITS = BROWSER_LIMITS): BrowserHost {
  let current: Promise<Running> | undefined
  let closed = false

  const start = () =>
    launchChromium({
      executable: executablePath,
      flags: FLAGS,
      variables: BROWSER_LANGUAGE.variables,
      viewport: VIEWPORT,
      limit: limits.start,
      unwanted: () => closed,
    })
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
        return await within(limits.open, 'openPage', Promise.race([open(), endOf(chromium)]))
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
