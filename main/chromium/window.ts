/**
 * Pages in the windows of the desktop app. A window's debugger speaks the DevTools protocol only for its own page.
 * This file answers the commands that puppeteer sends to the browser, so that puppeteer gives the same Page as with
 * Chromium.
 */
import type { ConnectionTransport, Page, Viewport } from 'puppeteer-core'
import { z } from 'zod'
import { EnvironmentFault } from './fault.ts'

/** The used part of a window's debugger, such as Electron's `webContents.debugger`. */
export interface WindowDebugger {
  attach(protocolVersion?: string): void
  detach(): void
  sendCommand(method: string, params?: unknown, sessionId?: string): Promise<unknown>
  /** `sessionId` is '' for the page itself; the frames and workers in it have others. */
  on(event: 'message', listener: (event: unknown, method: string, params: unknown, sessionId: string) => void): unknown
  on(event: 'detach', listener: (event: unknown, reason: string) => void): unknown
}

/** A hidden window that shares nothing with others. */
export interface HiddenWindow {
  readonly debugger: WindowDebugger
  /** Closes the window without asking its page. */
  destroy(): void
}

/** Puppeteer's Page of a window. `closed` is called once, when the window is gone. */
export async function connectWindow(
  window: HiddenWindow,
  viewport: Viewport | null,
  closed: () => void,
): Promise<Page> {
  const { connect } = await import('puppeteer-core')
  const browser = await connect({
    transport: new WindowTransport(window, closed),
    defaultViewport: viewport,
    // Without a limit of puppeteer's, which would count the time in which this process stands still.
    protocolTimeout: 0,
  })
  const [page] = await browser.pages()
  if (page === undefined) throw new EnvironmentFault('windowWithoutPage')
  return page
}

// What puppeteer sees: a browser with one context, one tab and one page. A page without an address is not ready yet.
const CONTEXT = 'window'
const TAB = { targetId: 'tab', type: 'tab', title: '', url: 'about:blank', attached: false, browserContextId: CONTEXT }
const PAGE = { ...TAB, targetId: 'page', type: 'page' }
const TAB_SESSION = 'tab-session'
const PAGE_SESSION = 'page-session'

const command = z.object({
  id: z.number(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
  sessionId: z.string().optional(),
})
type Command = z.output<typeof command>

/** Answers commands to the browser and its tab, and passes all others to the window's debugger. */
class WindowTransport implements ConnectionTransport {
  onmessage?: (message: string) => void
  onclose?: () => void
  readonly #window: HiddenWindow
  readonly #closed: () => void
  /** The sessions of the page, with the domains that each has enabled. */
  readonly #sessions = new Map<string, Set<string>>([[PAGE_SESSION, new Set()]])
  #sessionCount = 0
  #over = false

  constructor(window: HiddenWindow, closed: () => void) {
    this.#window = window
    this.#closed = closed
    window.debugger.on('message', (_event, method, params, sessionId) => this.#heard(method, params, sessionId))
    window.debugger.on('detach', () => this.#end())
    window.debugger.attach('1.3')
  }

  send(message: string): void {
    const asked = command.parse(JSON.parse(message))
    const answer = this.#ownAnswer(asked)
    if (answer === undefined) void this.#handOn(asked)
    else this.#tell({ id: asked.id, sessionId: asked.sessionId, result: answer })
  }

  close(): void {
    this.#window.destroy()
    this.#end()
  }

  async #handOn({ id, method, params, sessionId }: Command): Promise<void> {
    const domains = sessionId === undefined ? undefined : this.#sessions.get(sessionId)
    domains?.add(domainOf(method))
    try {
      const own = domains !== undefined || sessionId === undefined
      const result = await this.#window.debugger.sendCommand(method, params, own ? undefined : sessionId)
      this.#tell({ id, sessionId, result: result ?? {} })
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.#tell({ id, sessionId, error: { code: -32000, message: text } })
    }
  }

  /** The answer to a command that the window's debugger does not know; undefined for all others. */
  #ownAnswer({ method, params, sessionId }: Command): object | undefined {
    switch (method) {
      case 'Browser.getVersion':
        return { protocolVersion: '1.3', product: 'Chrome', revision: '', userAgent: '', jsVersion: '' }
      case 'Target.getBrowserContexts':
        return { browserContextIds: [CONTEXT] }
      case 'Target.setDiscoverTargets':
        for (const targetInfo of [TAB, PAGE]) this.#tell({ method: 'Target.targetCreated', params: { targetInfo } })
        return {}
      case 'Target.setAutoAttach':
        if (sessionId === undefined) this.#attached(TAB, TAB_SESSION)
        else if (sessionId === TAB_SESSION) this.#attached(PAGE, PAGE_SESSION, TAB_SESSION)
        else return undefined
        return {}
      case 'Target.attachToTarget': {
        const session = `page-session-${++this.#sessionCount}`
        this.#sessions.set(session, new Set())
        this.#attached(PAGE, session)
        return { sessionId: session }
      }
      case 'Target.detachFromTarget':
        return this.#detach(String(params.sessionId))
      case 'Browser.close':
      case 'Target.closeTarget':
      case 'Target.disposeBrowserContext':
        queueMicrotask(() => this.close())
        return {}
      // The window stays hidden.
      case 'Page.bringToFront':
        return {}
      default:
        return sessionId === TAB_SESSION ? {} : undefined
    }
  }

  #attached(targetInfo: typeof PAGE, session: string, sessionId?: string): void {
    const params = { sessionId: session, targetInfo: { ...targetInfo, attached: true }, waitingForDebugger: false }
    this.#tell({ method: 'Target.attachedToTarget', sessionId, params })
  }

  #detach(session: string): object {
    const domains = this.#sessions.get(session)
    this.#sessions.delete(session)
    if (domains?.has(SCREENCAST)) {
      void this.#window.debugger.sendCommand('Page.stopScreencast').catch(() => {})
    }
    this.#tell({ method: 'Target.detachedFromTarget', params: { sessionId: session, targetId: PAGE.targetId } })
    return {}
  }

  /**
   * Passes an event on. All sessions of the page share the debugger's one session, and each receives the events of the
   * domains that it has used.
   */
  #heard(method: string, params: unknown, sessionId: string): void {
    const domain = domainOf(method)
    for (const [session, domains] of sessionId === '' ? this.#sessions : []) {
      const isUnasked = session === PAGE_SESSION && UNASKED.includes(domain)
      if (isUnasked || domains.has(domain)) this.#tell({ method, params, sessionId: session })
    }
    if (sessionId !== '') this.#tell({ method, params, sessionId })
  }

  /** Sends in a task of its own, as other transports do, so that puppeteer knows a session before its first message. */
  #tell(message: object): void {
    setImmediate(() => this.onmessage?.(JSON.stringify(message)))
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#closed()
    setImmediate(() => this.onclose?.())
  }
}

/** Screencasts count as a domain of their own: the session that requested the frames acknowledges them. */
const SCREENCAST = 'Page.screencast'

/** Domains that report the page's frames and its crash without being enabled. */
const UNASKED = ['Target', 'Inspector']

function domainOf(method: string): string {
  return /^Page\.(start|stop)?screencast/i.test(method) ? SCREENCAST : method.slice(0, method.indexOf('.'))
}
