import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PROGRAM_ROOT } from '../main/files/paths.ts'

interface Found {
  readonly path?: string
  readonly reason?: string
}
interface Where {
  readonly root: string
  readonly platform: string
  readonly env: Readonly<Record<string, string>>
  readonly uid: number
}
const { findElectron } = (await import(`${PROGRAM_ROOT}/app/start.mjs`)) as {
  findElectron: (where: Where) => Promise<Found>
}

/** A project in which Electron's download runs `install`. */
function project(install: string): string {
  const root = mkdtempSync(join(tmpdir(), 'start-'))
  const folder = join(root, 'node_modules/electron')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'install.js'), install)
  return root
}

const SUCCEEDS = `const fs = require('node:fs'); const at = (name) => __dirname + '/' + name
fs.mkdirSync(at('dist')); fs.writeFileSync(at('dist/electron'), ''); fs.writeFileSync(at('path.txt'), 'electron')`
const there = (root: string): Where => ({ root, platform: 'linux', env: { DISPLAY: ':0' }, uid: 1000 })

test('Electron is downloaded when it is first needed, and found after that', async () => {
  const root = project(SUCCEEDS)
  const path = join(root, 'node_modules/electron/dist/electron')
  expect(await findElectron(there(root))).toEqual({ path })
  writeFileSync(join(root, 'node_modules/electron/install.js'), 'process.exit(1)')
  chmodSync(path, 0o755)
  expect(await findElectron(there(root))).toEqual({ path })
})

test('the reason why no window is possible is reported', async () => {
  const root = project(SUCCEEDS)
  expect(await findElectron({ ...there(root), env: {} })).toEqual({ reason: 'there is no display' })
  expect(await findElectron({ ...there(root), uid: 0 })).toEqual({ reason: 'Electron does not run as root' })
  expect(await findElectron(there(tmpdir()))).toEqual({ reason: 'Electron is not installed' })
  expect(await findElectron(there(project('process.exit(1)')))).toEqual({ reason: 'Electron could not be downloaded' })
})

test('npm start serves the lab to a browser where there is no display', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-'))
  const env: NodeJS.ProcessEnv = { ...process.env, DPO_DRIVER_HOME: folder }
  delete env.DISPLAY
  delete env.WAYLAND_DISPLAY
  const child = spawn(process.execPath, [join(PROGRAM_ROOT, 'app/start.mjs')], { env })
  let said = ''
  const heard = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk
        if (said.includes('?token=')) resolve()
      })
    }
  })
  await heard
  if (process.platform === 'linux') expect(said).toContain('there is no display: the lab opens in a browser instead')
  const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(said)![0]
  expect((await fetch(url, { redirect: 'manual' })).status).toBe(303)
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
})
