/** Pictures of a page when it changes, from the browser's own screencast. A page that does not change costs nothing. */
import type { CDPSession, Page } from 'puppeteer-core'
import { within } from '../chromium/fault.ts'

/**
 * Shortest time between frames, in milliseconds. The next frame comes after the last was acknowledged, so a late
 * acknowledgement costs nothing.
 */
const INTERVAL = 80
const START_LIMIT = 5000

const FORMAT = { format: 'jpeg', quality: 60 } as const

/** Sends JPEGs (base64) of one page after another to `onFrame`, with the time they were taken, in ms since 1970. */
export class Screencast {
  readonly #onFrame: (jpeg: string, taken: number) => void
  #page: Page | undefined
  #runs = false
  #cdp: Promise<CDPSession | undefined> = Promise.resolve(undefined)

  constructor(onFrame: (jpeg: string, taken: number) => void) {
    this.#onFrame = onFrame
  }

  /**
   * Shows this page from now on while it runs, or none where it is undefined. Never throws, because the page may be about to
   * close.
   */
  follow(page: Page | undefined): void {
    if (page === this.#page) return
    this.#page = page
    this.#cdp = this.#cdp.then(async (before) => {
      await before?.detach().catch(() => {})
      if (page === undefined || page.isClosed() || page !== this.#page) return undefined
      return within(START_LIMIT, 'startScreencast', this.#start(page)).catch(() => undefined)
    })
  }

  /** Begins with a picture of the page as it is now; another comes whenever the page changes. Never throws. */
  run(): void {
    this.#runs = true
    this.#send((cdp) => cdp.send('Page.stopScreencast'))
    this.#send((cdp) => cdp.send('Page.startScreencast', FORMAT))
  }

  /** Takes no pictures until it runs again. Never throws. */
  rest(): void {
    if (!this.#runs) return
    this.#runs = false
    this.#send((cdp) => cdp.send('Page.stopScreencast'))
  }

  #send(command: (cdp: CDPSession) => Promise<unknown>): void {
    this.#cdp = this.#cdp.then(async (cdp) => {
      if (cdp !== undefined) await command(cdp).catch(() => {})
      return cdp
    })
  }

  async #start(page: Page): Promise<CDPSession> {
    const cdp = await page.createCDPSession()
    let last = 0
    cdp.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
      const taken = metadata.timestamp === undefined ? Date.now() : metadata.timestamp * 1000
      if (this.#page === page) this.#onFrame(data, taken)
      const now = performance.now()
      const rest = Math.max(0, last + INTERVAL - now)
      last = now + rest
      setTimeout(() => void cdp.send('Page.screencastFrameAck', { sessionId }).catch(() => {}), rest)
    })
    if (this.#runs) await cdp.send('Page.startScreencast', FORMAT)
    return cdp
  }
}
