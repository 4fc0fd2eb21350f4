/** Serves the lab to a browser: one process with the store, the job and the server, until it is told to end. */
import { join } from 'node:path'
import { removeLeftProfiles } from '../main/chromium/profile.ts'
import type { Settings } from '../main/config/settings.ts'
import type { BrowserHost } from '../main/environment/browser.ts'
import { PROGRAM_ROOT } from '../main/files/paths.ts'
import type { Jobs } from '../main/jobs.ts'
import { createLab, type Lab } from '../main/lab.ts'
import type { Tokens } from '../main/rpc/guard.ts'
import { startServer } from '../main/rpc/server.ts'
import type { Context, Desktop } from '../main/rpc/trpc.ts'

export interface WebOptions extends Tokens {
  readonly settings: Settings
  /** Address to listen on; by default 127.0.0.1, which only this machine can reach. */
  readonly host?: string
  /** Any free port by default. */
  readonly port?: number
  /** Folder of the window's built files. */
  readonly window?: string
  /** Opens the pages of tasks; headless Chromium by default. */
  readonly pages?: () => BrowserHost
  /** What the desktop app can do for its window; undefined for a browser. */
  readonly desktop?: Desktop
  /** Called with each bug in full; by default they go to stderr. */
  readonly onBug?: (text: string) => void
}

export interface Web {
  /** Address with this launch's token. */
  readonly url: string
  /** Address for those who only look; null where there is none. */
  readonly readUrl: string | null
  /** An address that opens the lab once. The address before is no longer valid. */
  ticketUrl(): string
  /** The lab's jobs, once everything is loaded. */
  readonly jobs: Promise<Jobs>
  /** Stops the job so that it can be resumed, and closes everything. Later calls wait for the same end. */
  close(): Promise<void>
}

/** Opens the lab and serves it. Throws UserError if the store cannot be opened or the address cannot be used. */
export async function serveLab(options: WebOptions): Promise<Web> {
  const { settings, host = '127.0.0.1', port = 0, window = join(PROGRAM_ROOT, 'renderer/dist') } = options
  const lab = createLab(settings.read(), options.pages)
  try {
    lab.purge()
    void removeLeftProfiles()
    const context = Promise.withResolvers<Context>()
    const onBug = options.onBug ?? ((text) => console.error(text))
    const { token, readOnly } = options
    const server = await startServer({ context: context.promise, host, port, window, onBug, token, readOnly })
    // Only after the server listens: a browser can fetch the window's files while this loads.
    contextOf(lab, options).then(context.resolve, context.reject)
    const end = async () => {
      // A failure to load is told by `jobs` and by every answer to the window.
      const loaded = await context.promise.catch(() => undefined)
      try {
        if (loaded !== undefined) await rest(loaded)
      } finally {
        await server.close()
        lab.close()
      }
    }
    let ended: Promise<void> | undefined
    return {
      url: server.url,
      readUrl: server.readUrl,
      ticketUrl: server.ticketUrl,
      jobs: context.promise.then(({ jobs }) => jobs),
      close() {
        ended ??= end()
        return ended
      },
    }
  } catch (error) {
    lab.close()
    throw error
  }
}

/** The context from which the window's requests are answered. */
async function contextOf(lab: Lab, { settings, pages, desktop }: WebOptions): Promise<Context> {
  const { Live } = await import('../main/live/live.ts')
  const { Jobs } = await import('../main/jobs.ts')
  const { Merges } = await import('../main/adapters/merges.ts')
  const live = new Live({ config: () => settings.read(), ...(pages === undefined ? {} : { host: pages }) })
  const jobs = new Jobs(lab, live.screens.audience(), (event) => live.system.hear(event))
  jobs.subscribe(({ current }) => live.system.work(current?.run ?? null))
  return { lab, jobs, merges: new Merges(), settings, live, desktop }
}

/** Stops all work, and waits for its end. */
async function rest({ jobs, merges, live }: Context): Promise<void> {
  await jobs.close()
  merges.stop()
  await merges.rest()
  await live.close()
}
