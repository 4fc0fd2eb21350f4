/**
 * Keeps a page to its task: it reads only the task's files, stays at its address, opens no window and no dialog, and
 * downloads nothing. The browser's flags and its proxy (`browser.ts`, `app/electron.ts`) keep it from the network.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'puppeteer-core'
import { EnvironmentFault } from '../chromium/fault.ts'
import { reasonOf } from '../messages/reason.ts'
import type { Mishaps } from './flaws.ts'
import type { Task } from './tasks.ts'

const MOST_ERRORS = 5

export interface Confinement {
  /** What went wrong since the last load began. */
  readonly mishaps: Mishaps
  /** Loads the task's page with `go`. At all other times, whatever leads away from the page is ignored. */
  load<T>(go: () => Promise<T>): Promise<T>
}

/**
 * Confines the page to the files of `task`, and calls `left` where the page puts another document in its own place all
 * the same. Tasks of the same root have the same files, but a draft is a document of its own.
 */
export async function confinePage(
  page: Page,
  cdp: CDPSession,
  task: Task,
  left: (fault: EnvironmentFault) => void,
): Promise<Confinement> {
  /** What the load that the lab has asked for comes to next; null where none is on. */
  let awaited: 'request' | 'commit' | null = null
  const files = new Set<string>()
  const errors: string[] = []
  const { frameTree } = await cdp.send('Page.getFrameTree')
  const main = frameTree.frame.id

  // A page that is to be left must not ask whether it may be left.
  page.on('dialog', (dialog) => {
    const answer = dialog.type() === 'beforeunload' ? dialog.accept() : dialog.dismiss()
    void answer.catch(() => {})
  })
  page.on('pageerror', (error) => {
    if (errors.length < MOST_ERRORS) errors.push(reasonOf(error).slice(0, 200))
  })
  page.on('popup', (popup) => void popup?.close().catch(() => {}))
  cdp.on('Page.frameNavigated', ({ frame }) => {
    if (frame.id !== main) return
    if (awaited !== 'commit') left(new EnvironmentFault('pageLeft'))
    awaited = null
  })
  cdp.on('Fetch.requestPaused', ({ requestId, request, resourceType, frameId }) => {
    const isPage = resourceType === 'Document' && frameId === main
    const leaves = isPage && awaited !== 'request'
    if (isPage && !leaves) awaited = 'commit'
    const url = leaves ? null : answeringUrl(task, request.url)
    if (resourceType === 'Script' && (url === null || !existsSync(fileOf(url)))) files.add(request.url.slice(0, 200))
    // An aborted load leaves the page as it was; a blocked one puts an error in its place.
    const errorReason = leaves ? 'Aborted' : 'BlockedByClient'
    const answer =
      url === null
        ? cdp.send('Fetch.failRequest', { requestId, errorReason })
        : isPage && task.draft !== undefined
          ? cdp.send('Fetch.fulfillRequest', { requestId, responseCode: 200, ...documentOf(task.draft) })
          : cdp.send('Fetch.continueRequest', { requestId, url })
    void answer.catch(() => {})
  })
  await Promise.all([
    cdp.send('Page.enable'),
    cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
    cdp.send('Page.setInterceptFileChooserDialog', { enabled: true }),
  ])

  return {
    mishaps: { files, errors },
    async load(go) {
      files.clear()
      errors.length = 0
      awaited = 'request'
      try {
        return await go()
      } finally {
        awaited = null
      }
    },
  }
}

/** A text as the browser reads it from a file. */
function documentOf(text: string) {
  const responseHeaders = [{ name: 'Content-Type', value: 'text/html' }]
  return { responseHeaders, body: Buffer.from(text).toString('base64') }
}

/** The path of a file:// address; '' where it names none. */
function fileOf(url: string): string {
  try {
    return fileURLToPath(url.replace(/[?#].*/, ''))
  } catch {
    return ''
  }
}

/** The address of the file that answers a page's request; null where the page may not read it. */
function answeringUrl({ root, libraries }: Task, url: string): string | null {
  const library = libraries.find(({ named }) => url.startsWith(named))
  if (library !== undefined) return library.answers + url.slice(library.named.length)
  return url.startsWith(root) ? url : null
}
