import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hand, THERE } from '../../testing/queue-play.ts'
import { freePort, hasRedisServer, type RedisServer, startRedis } from '../../testing/redis-server.ts'
import { startTcpServer } from '../../testing/tcp-server.ts'
import { projectPath } from '../files/paths.ts'
import { connectServer } from './server.ts'
import { work } from './worker.ts'

let redis: RedisServer | undefined
afterEach(async () => {
  vi.unstubAllEnvs()
  await redis?.close()
  redis = undefined
})

/** What a lab needs of a user of its own: its keys alone, and no command that is about the whole server but INFO. */
const RIGHTS = ['~lab:*', 'resetchannels', '+@all', '-@admin', '-@dangerous', '+info']

describe.skipIf(!hasRedisServer())('a server (needs redis-server)', () => {
  test('says what it is, and whether it keeps what it has', async () => {
    redis = await startRedis('--appendonly', 'yes')
    const server = await connectServer(redis.address, 'lab')
    expect(server.about).toEqual({
      name: expect.stringMatching(/^(Redis|Valkey)$/),
      version: expect.stringMatching(/^\d+\.\d+/),
      keeps: true,
    })
    server.close()
  })

  test('that would forget problems is refused', async () => {
    redis = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')
    await expect(connectServer(redis.address, 'lab')).rejects.toThrow(
      /removes keys when its memory is full \(maxmemory-policy allkeys-lru\).* Set maxmemory-policy to noeviction there/,
    )
  })

  test('that does not have the database of the address is refused', async () => {
    redis = await startRedis('--databases', '4')
    await expect(connectServer(`${redis.address}/4`, 'lab')).rejects.toThrow(/has no database 4/)
    const server = await connectServer(`${redis.address}/3`, 'lab')
    await server.redis.set(server.key('x'), 'y')
    server.close()
    const other = await connectServer(redis.address, 'lab')
    expect(await other.redis.get(other.key('x'))).toBe(null)
    other.close()
  })

  test('with users lets one in that has the rights of the documentation, and no other', async () => {
    redis = await startRedis()
    const admin = new Redis(redis.port)
    await admin.call('ACL', 'SETUSER', 'lab', 'on', '>secret', ...RIGHTS)
    await admin.call('ACL', 'SETUSER', 'default', 'off')
    try {
      await expect(connectServer(redis.address, 'lab')).rejects.toThrow(
        /wants a password\. Set DPO_DRIVER_QUEUE_PASSWORD/,
      )
      vi.stubEnv('DPO_DRIVER_QUEUE_USER', 'lab')
      vi.stubEnv('DPO_DRIVER_QUEUE_PASSWORD', 'wrong')
      await expect(connectServer(redis.address, 'lab')).rejects.toThrow(
        /does not take this user and password\. Correct .*DPO_DRIVER_QUEUE_PASSWORD/,
      )
      vi.stubEnv('DPO_DRIVER_QUEUE_PASSWORD', 'secret')
      await expectPlays(redis.address)
      await expect(connectServer(redis.address, 'other')).rejects.toThrow(/NOPERM/)
    } finally {
      admin.disconnect()
    }
  })

  test('behind TLS is used with a certificate that NODE_EXTRA_CA_CERTS names, and with no other', async ({ skip }) => {
    if (spawnSync('openssl', ['version']).status !== 0) skip('needs openssl')
    const folder = mkdtempSync(join(tmpdir(), 'tls-'))
    try {
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
      const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
      const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names]
      execFileSync('openssl', [...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
      const port = await freePort()
      const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
      const started = startRedis('--tls-port', String(port), '--tls-auth-clients', 'no', ...files)
      redis = await started.catch((error: unknown): undefined => {
        if (!/TLS support/.test(String(error))) throw error
        skip('this server was built without TLS')
      })
      for (const host of ['localhost', '127.0.0.1']) {
        const address = `rediss://${host}:${port}`
        await expect(connectServer(address, 'lab')).rejects.toThrow(
          /not trusted: DEPTH_ZERO_SELF_SIGNED_CERT\. NODE_EXTRA_CA_CERTS names/,
        )
        // Node reads the variable as it starts.
        const program = projectPath('testing/queue-lab.ts')
        const args = [program, JSON.stringify({ address, problems: 2 })]
        const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate }
        expect(execFileSync(process.execPath, args, { env, encoding: 'utf8' }).trim().split('\n').sort()).toEqual([
          '0 0',
          '0 1',
          '1 0',
          '1 1',
        ])
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('a server that is too old is refused', async () => {
  const old = await startTcpServer((text) =>
    // An array of words for each command.
    (text.match(/^\*\d+\r\n\$\d+\r\n\w+/gm) ?? [])
      .map((command) => {
        if (/info$/i.test(command)) return bulk('redis_version:5.0.14\r\nmaxmemory:0\r\n')
        return /hello$/i.test(command) ? '-ERR unknown command `HELLO`\r\n' : '+OK\r\n'
      })
      .join(''),
  )
  try {
    await expect(connectServer(`redis://127.0.0.1:${old.port}`, 'lab')).rejects.toThrow(
      /is Redis 5\.0\.14; at least 6\.2 is needed, or Valkey/,
    )
  } finally {
    old.close()
  }
})

test('something else that listens there is told', async () => {
  const web = await startTcpServer(() => 'HTTP/1.1 400 Bad Request\r\n\r\n')
  try {
    await expect(connectServer(`redis://127.0.0.1:${web.port}`, 'lab')).rejects.toThrow(/does not answer: .*"H"/)
  } finally {
    web.close()
  }
})

/** A lab and a worker play through it. */
async function expectPlays(address: string): Promise<void> {
  const server = await connectServer(address, 'lab')
  const stop = new AbortController()
  const working = work({ ...THERE, server, signal: stop.signal, hear() {} })
  try {
    const { by, said } = await hand(server, 10)
    expect(by.size).toBe(20)
    expect(said).toEqual([])
    expect(await server.redis.exists('lab:workers')).toBe(1)
  } finally {
    stop.abort()
    await working
    server.close()
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}
