/** Task pages in the windows of the desktop app. */
import { EnvironmentFault, within } from '../chromium/fault.ts'
import { connectWindow, type HiddenWindow } from '../chromium/window.ts'
import { reasonOf } from '../messages/reason.ts'
import type { BrowserHost } from './browser.ts'
import { VIEWPORT } from './emulation.ts'

const OPEN_LIMIT = 15_000

/** A host that opens pages in windows from `openWindow`. */
export function windowHost(openWindow: () => HiddenWindow): BrowserHost {
  const windows = new Set<HiddenWindow>()
  let closed = false

  const open = (window: HiddenWindow) => connectWindow(window, VIEWPORT, () => windows.delete(window))

  return {
    async open() {
      if (closed) throw new EnvironmentFault('windowsClosed')
      const window = openWindow()
      windows.add(window)
      try {
        return await within(OPEN_LIMIT, 'openPage', open(window))
      } catch (error) {
        windows.delete(window)
        window.destroy()
        throw error instanceof EnvironmentFault
          ? error
          : new EnvironmentFault('windowFailed', { detail: reasonOf(error) })
      }
    },
    async close() {
      closed = true
      for (const window of windows) window.destroy()
      windows.clear()
    },
  }
}
