/** A host that is a page: of a headless Chromium of its own, or in a hidden window of the desktop app. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer-core'
import { within } from '../../chromium/fault.ts'
import { launchChromium } from '../../chromium/launch.ts'
import { connectWindow, type HiddenWindow } from '../../chromium/window.ts'
import { UserError } from '../../messages/error.ts'
import { reasonOf } from '../../messages/reason.ts'
import { SOFTWARE_WITHOUT } from './adapter.ts'
import type { Host } from './host.ts'
import { mayHaveCard } from './may-have-card.ts'
import { answerModule, ORIGIN } from './page-modules.ts'
import { pagePort } from './page-port.ts'

/** A page that nothing else uses. */
export interface HostPage {
  readonly page: Page
  /** For files that the page reads; they end with it. */
  readonly folder: string
  /** Resolves when it is gone, with how. */
  readonly gone: Promise<string>
  /** Ends it at once. Never throws. */
  end(): Promise<void>
}
export type OpensHostPage = () => Promise<HostPage>

const PROGRAM = 'main/engine/host/page-program.ts'
/** Milliseconds. */
const LIMITS = { start: 60_000, load: 60_000 }

/**
 * Opens the page and loads its program, by its path from the project's root.
 * @throws UserError where the browser does not start, or the program does not load.
 */
export async function startPageHost(
  open: OpensHostPage = () => chromiumPage(),
  program: string = PROGRAM,
): Promise<Host> {
  const { page, folder, gone, end } = await open()
  const failed = Promise.withResolvers<UserError>()
  const fail = (how: string) => failed.resolve(new UserError('hostEnded', { how }))
  void gone.then(fail)
  page.on('error', (error) => fail(reasonOf(error)))
  const broken = (error: unknown) => {
    fail(reasonOf(error))
    void end()
  }
  const load = Promise.withResolvers<never>()
  page.on('pageerror', (error) => load.reject(error))
  load.promise.catch(() => {})
  try {
    await page.setRequestInterception(true)
    page.on('request', (request) => {
      request.respond(answerModule(request.url(), program)).catch(() => {})
    })
    const port = await pagePort(page, folder, broken)
    const loaded = page.goto(`${ORIGIN}/`).then(() => port.ready)
    const lost = failed.promise.then((error) => Promise.reject(error))
    await within(LIMITS.load, 'loadPage', Promise.race([loaded, load.promise, lost]))
    return { port, failed: failed.promise, end }
  } catch (error) {
    await end()
    throw error instanceof UserError ? error : new UserError('hostDidNotStart', { why: reasonOf(error) })
  }
}

/** Flags of a Chromium that computes. A software adapter needs the first; cards on Linux need Vulkan. */
function flags(software: boolean): string[] {
  const linux = process.platform === 'linux'
  return [
    ...(linux ? ['--enable-unsafe-webgpu'] : []),
    ...(software
      ? ['--use-webgpu-adapter=swiftshader', `--disable-dawn-features=${SOFTWARE_WITHOUT}`]
      : linux && mayHaveCard()
        ? ['--enable-features=Vulkan']
        : []),
  ]
}

/** Pages in hidden windows of the desktop app. */
export function windowPages(openWindow: () => HiddenWindow): OpensHostPage {
  return async () => {
    const gone = Promise.withResolvers<string>()
    const window = openWindow()
    const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-engine-'))
    const end = async () => {
      window.destroy()
      gone.resolve('closed')
      await rm(folder, { recursive: true, force: true })
    }
    try {
      const connected = connectWindow(window, null, () => gone.resolve('closed'))
      return { page: await within(LIMITS.start, 'openPage', connected), folder, gone: gone.promise, end }
    } catch (error) {
      await end()
      throw error
    }
  }
}

/** A page in a headless Chromium of its own. */
export async function chromiumPage(software = false): Promise<HostPage> {
  const { browser, chromium } = await launchChromium({ flags: flags(software), viewport: null, limit: LIMITS.start })
  const end = async () => void (await chromium.end())
  try {
    const page = await within(LIMITS.start, 'openPage', browser.newPage())
    return { page, folder: chromium.folder, gone: chromium.ended.then(({ how }) => how), end }
  } catch (error) {
    await end()
    throw error
  }
}
