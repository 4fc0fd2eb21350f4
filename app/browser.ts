/** Opens the lab in the user's browser. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'

/**
 * Opens an address in the user's browser, by way of a page that only its owner can read: every user of a machine sees
 * the arguments of its programs. The page is written to `file`; remove it when the lab ends. Returns false where there
 * is no screen or nothing can be opened.
 */
export async function openBrowser(url: string, file: string): Promise<boolean> {
  const [program, ...args] = opener(file)
  if (program === undefined) return false
  try {
    rmSync(file, { force: true })
    const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}">\n`
    writeFileSync(file, page, { mode: 0o600, flag: 'wx' })
    const child = spawn(program, args, { detached: true, stdio: 'ignore' })
    await once(child, 'spawn')
    child.unref()
    return true
  } catch {
    return false
  }
}

/** The command that opens a file on this system; empty where there is no screen. */
function opener(file: string): string[] {
  switch (process.platform) {
    case 'darwin':
      return ['open', file]
    case 'win32':
      return ['rundll32', 'url.dll,FileProtocolHandler', file]
    default: {
      const { DISPLAY, WAYLAND_DISPLAY } = process.env
      return DISPLAY || WAYLAND_DISPLAY ? ['xdg-open', file] : []
    }
  }
}
