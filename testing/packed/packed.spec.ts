/** The desktop app as electron-builder packs it, run by Node on the stand-in for Electron: a file that is missing in it is found here. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROGRAM_ROOT } from '../../main/files/paths.ts'
import { openArchive, packApp, SENTINEL } from './pack.ts'
import type { Seen } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'packed-'))
let app: string

beforeAll(async () => {
  app = await packApp(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the executable has the fuses of the configuration', () => {
  const bytes = readFileSync(join(app, 'dpo-driver'), 'latin1')
  // runAsNode, cookieEncryption, nodeOptions, nodeCliInspect, embeddedAsarIntegrityValidation, onlyLoadAppFromAsar,
  // loadBrowserProcessSpecificV8Snapshot, grantFileProtocolExtraPrivileges, wasmTrapHandlers
  expect(bytes.slice(bytes.indexOf(SENTINEL) + SENTINEL.length + 2)).toBe('010011001')
})

test('the packed app opens its window, plays and trains', async () => {
  expect(statSync(join(app, 'resources/app.asar')).size).toBeLessThan(150e6)
  const archive = openArchive(app)
  expect(existsSync(join(archive, 'node_modules/webgpu'))).toBe(false)
  const home = join(folder, 'home')
  mkdirSync(home)
  const env: NodeJS.ProcessEnv = { ...process.env, PACKED_APP_HOME: home }
  delete env.DPO_DRIVER_HOME
  const child = spawn(process.execPath, [join(PROGRAM_ROOT, 'testing/packed/start.ts'), archive], { env, cwd: home })
  let said = ''
  let complained = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    complained += chunk
  })
  const [code] = await once(child, 'close')
  expect(code, complained).toBe(0)
  const seen = JSON.parse(said.trim().split('\n').at(-1)!) as Seen
  expect(seen).toMatchObject({
    errors: [],
    job: { status: 'done', error: null },
    reports: { 'report.html': 200, 'report.pdf': 200, 'summary.json': 200 },
  })
  // Without its extra privileges a page of a file cannot be read from an archive.
  expect(seen.page).toBe(pathToFileURL(join(`${archive}.unpacked`, 'assets/tasks/click-button.html')).href)
  // All that it wrote is in its user's folder, and nothing in its own.
  expect(existsSync(join(home, 'documents/DPO-Driver Lab/data/lab.sqlite'))).toBe(true)
  expect([existsSync(join(archive, 'data')), existsSync(join(archive, 'reports'))]).toEqual([false, false])
})
