/** Gets redis-server for the tests of the queue, where apt-get and root can. It leaves no service behind. */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { hasRedisServer } from './redis-server.ts'

/** Debian asks it whether a package may start its service; 101 says no (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'

/** Installs redis-server if it is missing. Returns why that cannot be done; null where it is there. */
export function getRedis(): string | null {
  if (hasRedisServer()) return null
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return 'redis-server is missing, so the tests of the queue are skipped; install it with `apt-get install redis-server` as root'
  }
  const isOurs = !existsSync(POLICY)
  try {
    if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    run('apt-get', 'update', '-q')
    run('apt-get', 'install', '-y', '-q', '--no-install-recommends', 'redis-server')
    if (existsSync('/run/systemd/system')) run('systemctl', 'disable', 'redis-server')
  } catch (error) {
    return `redis-server cannot be installed: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  } finally {
    if (isOurs) rmSync(POLICY, { force: true })
  }
  return hasRedisServer() ? null : 'redis-server does not start'
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, {
    stdio: 'pipe',
    timeout: 180_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
