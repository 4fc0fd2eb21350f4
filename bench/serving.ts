/** The lab as a user starts it: `serve` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PROGRAM_ROOT } from '../main/files/paths.ts'

export interface Serving {
  /** Address with the token. */
  readonly url: URL
  /** When the process was started, by `performance.now()`. */
  readonly started: number
  /** Ends the process. */
  close(): Promise<void>
}

/** Milliseconds after which a lab that has not said its address will not. */
const LIMIT = 60_000

/**
 * Starts the lab of a configuration, of this checkout or of another, and waits for its address. Throws Error where it
 * ends instead.
 */
export async function serve(configFile: string, checkout = PROGRAM_ROOT): Promise<Serving> {
  const started = performance.now()
  const program = join(checkout, 'app/dpo-driver.mjs')
  const child = spawn(process.execPath, [program, 'serve', '--config_path', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const close = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  try {
    return { url: new URL(await addressOf(child)), started, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The address that `serve` prints. */
function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  return new Promise((found, fail) => {
    let output = ''
    const timer = setTimeout(() => fail(new Error(`serve said no address in ${LIMIT} ms: ${output}`)), LIMIT)
    stderr?.on('data', (chunk) => {
      output += chunk
    })
    stdout?.on('data', (chunk) => {
      output += chunk
      const address = /http:\/\/\S+/.exec(output)?.[0]
      if (address === undefined) return
      clearTimeout(timer)
      found(address)
    })
    stdout?.once('end', () => {
      clearTimeout(timer)
      fail(new Error(`serve ended: ${output}`))
    })
  })
}
