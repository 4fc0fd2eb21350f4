/** Starts the lab as a user does: `serve` in its own process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PROGRAM_ROOT } from '../main/files/paths.ts'

export interface Serving {
  /** Address with the token. */
  readonly url: URL
  /** The start time of the process, by `performance.now()`. */
  readonly started: number
  /** Ends the process. */
  close(): Promise<void>
}

/** Milliseconds to wait for the lab's address. */
const LIMIT = 60_000

/**
 * Starts the lab with a configuration, from this checkout or from another, and waits for its address. Throws Error if the
 * lab ends instead.
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
