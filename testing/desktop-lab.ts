/** For tests: the procedures of the lab in a desktop app on the stand-in, as the window's page calls them. */
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client'
import WebSocket from 'ws'
import type { LabRouter } from '../main/rpc/router.ts'
import type { ElectronStandIn } from './electron.ts'

export interface DesktopLab {
  readonly lab: TRPCClient<LabRouter>
  /** The lab's address, and what its requests must have. */
  readonly origin: string
  readonly cookie: string
  readonly socket: { close(): Promise<void> }
}

/** Connects once the window's page has exchanged its token for a cookie. Throws where that takes longer than `patience` ms. */
export async function connectDesktop(launch: ElectronStandIn, patience: number): Promise<DesktopLab> {
  const window = launch.windows[0]
  if (window === undefined) throw new Error('The app has no window.')
  const page = await window.webContents.page
  const { origin, host } = new URL(window.url)
  const until = performance.now() + patience
  while (page.url() !== `${origin}/`) {
    if (performance.now() > until) throw new Error(`The window shows ${page.url()}.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const cookies = await page.browserContext().cookies()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { cookie, origin } })
    }
  }
  const socket = createWSClient({
    url: `ws://${host}/trpc`,
    WebSocket: Socket as unknown as typeof globalThis.WebSocket,
  })
  return { lab: createTRPCClient<LabRouter>({ links: [wsLink({ client: socket })] }), origin, cookie, socket }
}
