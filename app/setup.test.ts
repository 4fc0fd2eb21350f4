import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'

let root: string

/** A project in which everything is set up. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'))
  cpSync(join(import.meta.dirname, 'setup.mjs'), put('app/setup.mjs', ''))
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  }
  put('package-lock.json', JSON.stringify(lock))
  put('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }))
  put('node_modules/node/package.json', JSON.stringify({ version: '24.1.0' }))
  mkdirSync(join(root, 'node_modules/.bin'))
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'))
  put('data/setup.json', JSON.stringify({ browser: join(root, 'app'), pages: null }))
  mkdirSync(join(root, 'tools'))
})

function put(path: string, text: string): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** A program that set-up can find. It does not see the other programs of this machine. */
function tool(name: string, script: string): void {
  chmodSync(put(`tools/${name}`, `#!/bin/sh\n${script}\n`), 0o755)
}

function setup(...args: string[]) {
  const env = { PATH: join(root, 'tools') }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'app/setup.mjs'), ...args], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, stdout, stderr: stderr.replace(/, [\d.]+ s$/gm, '') }
}

test('a complete project needs no work and prints nothing', () => {
  expect(setup('--exec', 'node', '-e', '')).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('--exec runs a bin of a dependency under Node 24 and ends with its exit code', () => {
  put('node_modules/.bin/tell', 'console.log(process.argv.slice(2).join()); process.exit(7)')
  expect(setup('--exec', 'tell', 'a', '--b')).toEqual({ status: 7, stdout: 'a,--b\n', stderr: '' })
})

test('an empty NODE_COMPILE_CACHE leaves the cache in its place, not in the current folder', () => {
  put('app/cli.ts', 'export const runProgram = () => 0')
  put('app/program.mjs', "import { runLab } from './setup.mjs'\nprocess.exitCode = await runLab([])")
  const folder = mkdtempSync(join(tmpdir(), 'current-'))
  const env = { PATH: '', NODE_COMPILE_CACHE: '' }
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, env }).status
  expect(run(join(root, 'app/program.mjs'))).toBe(0)
  expect(run(join(root, 'app/setup.mjs'), '--exec', 'node', join(root, 'app/cli.ts'))).toBe(0)
  expect(readdirSync(folder)).toEqual([])
  expect(readdirSync(join(root, 'node_modules/.cache'))).toEqual(['node'])
})

test('the findings of a set-up are kept with the program, where the next one reads them, whatever DPO_DRIVER_HOME names', () => {
  const project = join(import.meta.dirname, '..')
  const program = realpathSync(mkdtempSync(join(tmpdir(), 'program-')))
  cpSync(join(project, 'main'), join(program, 'main'), { recursive: true })
  cpSync(join(project, 'app/prepare.ts'), join(program, 'app/prepare.ts'))
  symlinkSync(join(project, 'node_modules'), join(program, 'node_modules'))
  mkdirSync(join(program, 'data/miniwob/core'), { recursive: true })
  writeFileSync(join(program, 'data/miniwob/core/core.js'), '')
  const home = mkdtempSync(join(tmpdir(), 'home-'))
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(program, 'app/prepare.ts')],
    { env: { CHROME_PATH: process.execPath, DPO_DRIVER_HOME: home }, encoding: 'utf8' },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(JSON.parse(readFileSync(join(program, 'data/setup.json'), 'utf8'))).toEqual({
    browser: process.execPath,
    pages: join(program, 'data/miniwob'),
  })
  expect(readdirSync(home)).toEqual([])
})

test('on Windows no script of a shell is run, and no compiler is looked for', async () => {
  const { setUp, npmCommand, binFile } = (await import(join(root, 'app/setup.mjs'))) as {
    setUp: (where: { platform: string }) => Promise<void>
    npmCommand: (where: { platform: string; node: string; env: NodeJS.ProcessEnv }) => string[]
    binFile: (program: string, platform: string) => string
  }
  await expect(setUp({ platform: 'win32' })).resolves.toBeUndefined()
  put(
    'node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/b': {}, 'node_modules/@c/d': { bin: { tell: 'lib/tell.js' } } } }),
  )
  const node = '/node/node.exe'
  const windows = (env: NodeJS.ProcessEnv) => npmCommand({ platform: 'win32', node, env })
  expect(windows({})).toEqual([node, '/node/node_modules/npm/bin/npm-cli.js'])
  expect(windows({ npm_execpath: '/other/npm-cli.js' })).toEqual([node, '/other/npm-cli.js'])
  expect(windows({ npm_execpath: '/other/yarn.js' })).toEqual(windows({}))
  expect(npmCommand({ platform: 'linux', node, env: {} })).toEqual(['npm'])
  expect(binFile('tell', 'win32')).toBe(join(realpathSync(root), 'node_modules/@c/d/lib/tell.js'))
  expect(binFile('tell', 'linux')).toBe(join(realpathSync(root), 'node_modules/.bin/tell'))
})

test('a Node that is too old is refused with a message', () => {
  put('node_modules/node/package.json', JSON.stringify({ version: '20.1.0' }))
  const { status, stderr } = setup()
  expect(status).toBe(2)
  expect(stderr).toMatch(
    /^Node 24 is needed and the npm package "node" did not install it .* install Node 24 yourself\.\n$/,
  )
})

test('dependencies are installed when they are not those of the lock file', () => {
  const installed = put(
    'node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/a': { version: '0.9.0' } } }),
  )
  tool('npm', `echo '{"packages":{"node_modules/a":{"version":"1.0.0"}}}' > ${installed}`)
  expect(setup('--exec', 'node', '-e', '')).toEqual({
    status: 0,
    stdout: '',
    stderr: 'Setting up: dependencies ...\nSetting up: dependencies\n',
  })
})

test('a set-up without npm ends at once with a message', () => {
  put('node_modules/.package-lock.json', '{}')
  expect(setup()).toMatchObject({ status: 2, stderr: expect.stringMatching(/npm ci did not install .*ENOENT/) })
})

test.each(['null', '7', '{}', '{"browser":7}', '[', ''])(
  'what is not a result of the set-up is made again: %s',
  (text) => {
    put('data/setup.json', text)
    put('app/prepare.ts', "console.log('looked for browser and pages')")
    expect(setup()).toMatchObject({ status: 0, stdout: 'looked for browser and pages\n' })
  },
)

test('npm’s output is shown when it fails to install them', () => {
  put('node_modules/.package-lock.json', '{}')
  tool('npm', 'echo no network >&2; exit 1')
  const { status, stderr } = setup()
  expect(status).toBe(2)
  expect(stderr).toContain('npm ci did not install the dependencies: no network')
})

test('without a compiler the set-up goes on, and says what is lost', () => {
  put('native/CMakeLists.txt', '')
  const { status, stderr } = setup('--exec', 'node', '-e', '')
  expect(status).toBe(0)
  expect(stderr).toContain('No cmake to build the native engine with, so the lab runs on TensorFlow.js instead')
})

test('an engine that does not build is reported with its log', () => {
  put('native/CMakeLists.txt', '')
  tool('c++', 'true')
  tool('cmake', 'echo broken')
  const { status, stderr } = setup('--exec', 'node', '-e', '')
  expect(status).toBe(0)
  expect(stderr).toContain('The native engine did not build (see native/build/build.log)')
  expect(readFileSync(join(root, 'native/build/build.log'), 'utf8')).toContain('broken')
})

test('a failed rebuild leaves the existing engine', () => {
  utimesSync(put('native/build/dpo_driver.node', ''), 1000, 1000)
  put('native/CMakeLists.txt', '')
  tool('c++', 'true')
  tool('cmake', 'echo broken')
  expect(setup('--exec', 'node', '-e', '').stderr).toContain(
    'The native engine did not build (see native/build/build.log), so the lab uses the one that was built before.',
  )
})

test('a project that was moved builds its engine as before', () => {
  const addon = put('native/build/dpo_driver.node', '')
  utimesSync(addon, 1000, 1000)
  put('native/CMakeLists.txt', '')
  put('native/build/CMakeCache.txt', 'CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere/native\n')
  tool('c++', 'true')
  tool('cmake', `test -e native/build/CMakeCache.txt || echo built > ${addon}`)
  expect(setup('--exec', 'node', '-e', '').stderr).toBe('Setting up: native engine ...\nSetting up: native engine\n')
  expect(readFileSync(addon, 'utf8')).toBe('built\n')
})

test('the native engine is built again when a source is newer than it', () => {
  const source = put('native/engine.cc', '')
  put('native/CMakeLists.txt', '')
  const addon = put('native/build/dpo_driver.node', '')
  utimesSync(source, 1000, 1000)
  utimesSync(join(root, 'native/CMakeLists.txt'), 1000, 1000)
  expect(setup('--exec', 'node', '-e', '').stderr).toBe('')
  utimesSync(addon, 500, 500)
  tool('c++', 'true')
  tool('cmake', `echo built > ${addon}`)
  expect(setup('--exec', 'node', '-e', '')).toEqual({
    status: 0,
    stdout: '',
    stderr: 'Setting up: native engine ...\nSetting up: native engine\n',
  })
})

test('the window is rebuilt where a source is newer, and a failure does not stop the command line', () => {
  put('renderer/index.html', '')
  put('renderer/app.tsx', '')
  const build =
    "require('fs').mkdirSync('renderer/dist', { recursive: true }); require('fs').writeFileSync('renderer/dist/index.html', '')"
  put('node_modules/vite/bin/vite.js', build)
  const built = { status: 0, stdout: '', stderr: 'Setting up: window ...\nSetting up: window\n' }
  expect(setup('--exec', 'node', '-e', '')).toEqual(built)
  expect(setup('--exec', 'node', '-e', '').stderr).toBe('')

  const later = Date.now() / 1000 + 60
  utimesSync(join(root, 'renderer/app.tsx'), later, later)
  put('node_modules/vite/bin/vite.js', "console.log('app.tsx: unexpected token'); process.exit(1)")
  const { status, stderr } = setup('--exec', 'node', '-e', '')
  expect(status).toBe(0)
  expect(stderr).toContain('The window did not build; the command line works without it. app.tsx: unexpected token')
})

/** Puts a window to build, which takes a moment and leaves a line in the file `built`. */
function putWindow(): void {
  put('renderer/index.html', '')
  put(
    'node_modules/vite/bin/vite.js',
    `const { appendFileSync, mkdirSync, writeFileSync } = require('fs')
     appendFileSync('built', 'once;')
     setTimeout(() => {
       mkdirSync('renderer/dist', { recursive: true })
       writeFileSync('renderer/dist/index.html', '')
     }, 1500)`,
  )
}

test('of two first commands, the second waits for the first and builds nothing again', async () => {
  putWindow()
  const command = () =>
    new Promise<{ status: number | null; told: string[] }>((done) => {
      const child = spawn(process.execPath, [join(root, 'app/setup.mjs'), '--exec', 'node', '-e', ''], {
        env: { PATH: '' },
      })
      let told = ''
      child.stderr.on('data', (text: Buffer) => {
        told += text
      })
      child.once('close', (status) =>
        done({
          status,
          told: told
            .replace(/, [\d.]+ s$/gm, '')
            .trim()
            .split('\n'),
        }),
      )
    })
  const ended = await Promise.all([command(), command()])
  expect(ended.sort((a, b) => b.told.length - a.told.length)).toEqual([
    { status: 0, told: ['Setting up: window ...', 'Setting up: window'] },
    { status: 0, told: ['Another command is setting up this folder; this one goes on when that is done ...'] },
  ])
  expect(readFileSync(join(root, 'built'), 'utf8')).toBe('once;')
  expect(existsSync(join(root, 'data/setup.lock'))).toBe(false)
})

test('a command that was killed, or whose number another process has now, holds up nobody', () => {
  const built = { status: 0, stdout: '', stderr: 'Setting up: window ...\nSetting up: window\n' }
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  put('data/setup.lock', String(pid))
  putWindow()
  expect(setup('--exec', 'node', '-e', '')).toEqual(built)
  utimesSync(put('data/setup.lock', String(process.pid)), 1000, 1000)
  utimesSync(join(root, 'renderer/dist/index.html'), 1000, 1000)
  expect(setup('--exec', 'node', '-e', '')).toEqual(built)
})
