/** What set-up and window keep between two launches: setup.json, the lock of packages, the window's place. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readWindowState, writeWindowState } from '../../../app/window-state.ts'
import { PROGRAM_ROOT } from '../../../main/files/paths.ts'
import type { Kind } from '../kind.ts'

/** A program in which everything is set up. */
export const setup: Kind = {
  async prepare(folder) {
    for (const made of ['app', 'data', 'tools', 'node_modules/.bin', 'node_modules/node']) {
      mkdirSync(join(folder, made), { recursive: true })
    }
    cpSync(join(PROGRAM_ROOT, 'app/setup.mjs'), join(folder, 'app/setup.mjs'))
    symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'))
    const files = {
      'package-lock.json': { packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } },
      'node_modules/.package-lock.json': { packages: { 'node_modules/a': { version: '1.0.0' } } },
      'node_modules/node/package.json': { version: '24.1.0' },
      'data/setup.json': { browser: join(folder, 'app'), pages: null },
    }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content))
    writeFileSync(join(folder, 'app/prepare.ts'), '')
    return [
      { file: 'data/setup.json', form: 'json' },
      { file: 'node_modules/.package-lock.json', form: 'json' },
    ]
  },
  async load(folder) {
    // It sees no npm, no compiler and no browser of this machine, so it cannot install anything.
    const env = { PATH: join(folder, 'tools') }
    const { stderr, signal } = spawnSync(process.execPath, [join(folder, 'app/setup.mjs')], {
      env,
      encoding: 'utf8',
      timeout: 20_000,
    })
    if (signal !== null) throw new Error(`set-up was ended by ${signal}`)
    if (/^\s+at /m.test(stderr)) throw new Error(stderr)
  },
}

export const window: Kind = {
  async prepare(folder) {
    writeWindowState(join(folder, 'window.json'), {
      bounds: { x: 1, y: 2, width: 300, height: 200 },
      maximized: false,
      port: 4000,
    })
    return [{ file: 'window.json', form: 'json' }]
  },
  async load(folder) {
    const state = readWindowState(join(folder, 'window.json'), [{ x: 0, y: 0, width: 1000, height: 1000 }])
    writeWindowState(join(folder, 'window.json'), state)
  },
}
