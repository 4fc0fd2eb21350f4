/** A real redis-server on loopback, for tests: in a folder of its own, and gone with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The program: another Redis or Valkey where this variable names one. */
const PROGRAM = process.env.DPO_DRIVER_TESTS_REDIS_SERVER || 'redis-server'

export interface RedisServer {
  readonly port: number
  /** redis://127.0.0.1:port */
  readonly address: string
  /** Ends it without a chance to save, as a power cut does, and starts it again on the same port and folder. */
  restart(options?: { readonly downFor?: number }): Promise<void>
  /** Peak of its memory, in bytes. */
  peak(): number
  close(): Promise<void>
}

/** Whether this machine has redis-server. */
export function hasRedisServer(): boolean {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Starts a server. `args` are its options, such as `--requirepass`. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const port = await freePort()
  let server = await start(port, folder, args)
  return {
    port,
    address: `redis://127.0.0.1:${port}`,
    async restart({ downFor = 0 } = {}) {
      await kill(server)
      await new Promise((resolve) => setTimeout(resolve, downFor))
      server = await start(port, folder, args)
    },
    peak: () => Number(/VmHWM:\s+(\d+)/.exec(readStatus(server))?.[1] ?? 0) * 1024,
    async close() {
      await kill(server)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function start(port: number, folder: string, args: readonly string[]): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...args]
  const server = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)))
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Ready to accept connections')) resolve()
    })
  })
  return server
}

async function kill(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGKILL')
  await ended
}

function readStatus({ pid }: ChildProcess): string {
  return execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' })
}
