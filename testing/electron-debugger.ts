/** For tests: windows like a desktop app's, with pages and debuggers of a real Chromium. */
import { EventEmitter } from 'node:events'
import type { CDPSession, Page } from 'puppeteer-core'
import type { HiddenWindow, WindowDebugger } from '../main/chromium/window.ts'
import { type BrowserHost, chromiumHost } from '../main/environment/browser.ts'

/** A debugger like Electron's: it has the page's session and the flat sessions below it, but no browser. */
export class DebuggerStandIn extends EventEmitter implements WindowDebugger {
  readonly #session: Promise<CDPSession>
  #attached = false

  constructor(page: Promise<Page>) {
    super()
    this.#session = page.then(async (opened) => {
      const session = await opened.createCDPSession()
      this.#forward(session, '')
      opened.once('close', () => this.#detached('target closed'))
      return session
    })
    this.#session.catch(() => {})
  }

  attach(): void {
    if (this.#attached) throw new Error('Debugger is already attached to the target')
    this.#attached = true
  }

  detach(): void {
    this.#detached('detached')
  }

  isAttached(): boolean {
    return this.#attached
  }

  async sendCommand(method: string, params?: unknown, sessionId = ''): Promise<unknown> {
    if (!this.#attached) throw new Error('No target available')
    const session = await this.#session
    const target = sessionId === '' ? session : session.connection()?.session(sessionId)
    if (!target) throw new Error(`Invalid session id ${sessionId}`)
    return target.send(method as 'Page.enable', params as undefined)
  }

  #forward(session: CDPSession, sessionId: string): void {
    session.on('*', (...[method, params]: unknown[]) => {
      // Puppeteer's own events are not in the protocol.
      if (typeof method !== 'string' || !method.includes('.')) return
      this.emit('message', {}, method, params, sessionId)
      if (method !== 'Target.attachedToTarget') return
      const { sessionId: child } = params as { sessionId: string }
      const attached = session.connection()?.session(child)
      if (attached) this.#forward(attached, child)
    })
  }

  #detached(reason: string): void {
    if (!this.#attached) return
    this.#attached = false
    this.emit('detach', {}, reason)
  }
}

export interface WindowStandIns {
  open(): HiddenWindow & { readonly page: Promise<Page> }
  /** The number of open windows. */
  readonly count: number
  close(): Promise<void>
}

export function windowStandIns(chromium: BrowserHost = chromiumHost()): WindowStandIns {
  const open = new Set<HiddenWindow>()
  return {
    open() {
      const page = chromium.open()
      const window = {
        page,
        debugger: new DebuggerStandIn(page),
        destroy() {
          if (!open.delete(window)) return
          void page.then((opened) => opened.browserContext().close()).catch(() => {})
        },
      }
      open.add(window)
      return window
    },
    get count() {
      return open.size
    },
    close: () => chromium.close(),
  }
}
