/** The command `serve`, from the printed address to Ctrl-C. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { Settings } from '../main/config/settings.ts'
import { writeSmallLab } from '../testing/small-lab.ts'
import { serveLab } from './web.ts'

test('serve prints an address that opens the lab, and Ctrl-C ends it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'web-'))
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'cli.ts'), 'serve', '--set', `paths.store=${join(folder, 'lab.sqlite')}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    printed += chunk
  })
  const address = await vi.waitUntil(() => /http:\/\/127\.0\.0\.1:\d+\/\?token=\S{43}/.exec(printed)?.[0], 50_000)
  const { origin } = new URL(address)
  expect((await fetch(origin)).status).toBe(401)
  const entered = await fetch(address, { redirect: 'manual' })
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/'])
  const exit = once(child, 'exit')
  child.kill('SIGINT')
  expect(await exit).toEqual([0, null])
  await expect(fetch(origin)).rejects.toThrow()
})

/** A served lab without runs. */
function serveSmallLab() {
  const settings = new Settings(writeSmallLab(mkdtempSync(join(tmpdir(), 'web-')), {}))
  return serveLab({ settings, onBug: () => {} })
}

test('closing the lab twice closes it once', async () => {
  const web = await serveSmallLab()
  await Promise.all([web.close(), web.close()])
  await web.close()
  await expect(fetch(web.url)).rejects.toThrow()
})

test('a lab that could not load everything still closes its server and its store', async () => {
  const Live = vi.fn(function broken() {
    throw new Error('a bug')
  })
  vi.doMock('../main/live/live.ts', () => ({ Live }))
  const closed = vi.spyOn(DatabaseSync.prototype, 'close')
  const web = await serveSmallLab()
  await expect(web.jobs).rejects.toThrow('a bug')
  await web.close()
  await expect(fetch(web.url)).rejects.toThrow()
  expect(closed).toHaveBeenCalled()
  vi.doUnmock('../main/live/live.ts')
  vi.restoreAllMocks()
})
