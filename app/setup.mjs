/**
 * Makes a fresh clone ready: dependencies, Node 24, the native engine, the window, a browser, the benchmark's pages.
 * It skips what is there already, so it can run before every command. It is plain JavaScript without dependencies, because
 * it must start on an older Node, before anything is installed.
 *
 *     node app/setup.mjs                      sets up
 *     node app/setup.mjs --exec vitest run    sets up, then runs that bin of a dependency under Node 24
 *     node app/setup.mjs --exec node x.ts     sets up, then runs that file under Node 24
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
// Imported as a whole: an older Node lacks some of the names.
import module from 'node:module'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(import.meta.dirname ?? fileURLToPath(new URL('.', import.meta.url)), '..')
const BIN = join(ROOT, 'node_modules/.bin')
const NEEDED_NODE = 24
// Compiled code is cached, so that the lab starts in half the time.
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/node')
const MINUTE = 60_000

/** An error that stops set-up. Its message is for the user. */
class SetupError extends Error {}

/**
 * Sets up what is missing and reports it on stderr; prints nothing where nothing is missing. `environment: false` leaves
 * out the native engine, the window, the browser and the pages, for commands that only print. `again` retries what could
 * not be installed the last time. Throws SetupError where the lab could not run afterwards.
 */
export async function setUp({ environment = true, again = false, platform = process.platform } = {}) {
  const dependencies = { title: 'dependencies', present: dependenciesPresent, make: installDependencies }
  const native = { title: 'native engine', present: nativePresent, make: buildNative }
  const others = [
    ...(platform === 'win32' ? [] : [native]),
    { title: 'window', present: rendererPresent, make: buildRenderer },
    { title: 'browser and benchmark pages', present: () => environmentPresent(again), make: prepareEnvironment },
  ]
  const parts = [dependencies, ...(environment ? others : [])]
  if (parts.every(({ present }) => present())) return demandNode()
  await alone(async () => {
    // Another command may have made it meanwhile.
    for (const { title, present, make } of parts) {
      if (!present()) await step(title, make)
      demandNode()
    }
  })
}

/**
 * Runs the lab's command line under Node 24 and returns its exit code. Where this process already is that Node, the lab
 * runs in it: starting a second Node would take longer than starting the lab.
 */
export async function runLab(args) {
  const cli = new URL('cli.ts', import.meta.url)
  if (!isPinnedNode()) return runNode(['--disable-warning=ExperimentalWarning', fileURLToPath(cli), ...args])
  process.env.PATH = BIN + delimiter + process.env.PATH
  // Node takes an empty name for the current folder.
  process.env.NODE_COMPILE_CACHE ||= COMPILE_CACHE
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  const { runProgram } = await import(cli.href)
  return runProgram(args)
}

/** Runs a program under Node 24 in this terminal. Returns its exit code, or 128 + the number of the signal that ended it. */
export function runNode(args) {
  return new Promise((done, fail) => {
    const path = BIN + delimiter + process.env.PATH
    const env = { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || COMPILE_CACHE, PATH: path }
    const child = spawn(nodePath(), args, { stdio: 'inherit', env })
    // The terminal sends Ctrl-C to the child as well. The child counts signals that come together as one.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.once('error', fail)
    child.once('exit', (code, signal) => done(code ?? 128 + (SIGNALS[signal] ?? 0)))
  })
}

/** Prints the error that stopped set-up, and returns the exit code. */
export function report(error) {
  if (!(error instanceof SetupError)) throw error
  console.error(error.message)
  return 2
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }

// Dependencies

/** Whether node_modules has what package-lock.json lists, except for optional packages. */
function dependenciesPresent() {
  const wanted = readJson('package-lock.json')?.packages ?? {}
  const installed = readJson('node_modules/.package-lock.json')?.packages ?? {}
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  )
}

async function installDependencies() {
  const [program, ...args] = npmCommand()
  const output = await capture(program, [...args, 'ci', '--no-audit', '--no-fund'], 15 * MINUTE)
  if (!dependenciesPresent()) throw new SetupError(`npm ci did not install the dependencies: ${lastLines(output)}`)
}

/** npm as a program. On Windows `npm` is a script of a shell, so Node runs npm's own file, which lies beside it. */
export function npmCommand({ platform = process.platform, node = process.execPath, env = process.env } = {}) {
  if (platform !== 'win32') return ['npm']
  const beside = join(dirname(node), 'node_modules/npm/bin/npm-cli.js')
  return [node, /npm-cli\.js$/.test(env.npm_execpath ?? '') ? env.npm_execpath : beside]
}

// Node

/** The Node that runs the programs of this project: the pinned one, where it is installed. */
export function nodePath() {
  const pinned = pinnedNode()
  return existsSync(pinned) ? pinned : process.execPath
}

/** Where the package `node` puts it. On Windows the file in node_modules/.bin is a script of a shell. */
function pinnedNode(platform = process.platform) {
  return platform === 'win32' ? join(ROOT, 'node_modules/node/bin/node.exe') : join(BIN, 'node')
}

/** Whether this process is the Node that `nodePath` names. */
function isPinnedNode() {
  return realpathSync(process.execPath) === realpathSync(nodePath()) && nodeMajor() >= NEEDED_NODE
}

/** Major version of the Node that `nodePath` names, read from its package, because starting it would take 40 ms. */
function nodeMajor() {
  if (!existsSync(pinnedNode())) return Number(process.versions.node.split('.')[0])
  return Number(readJson('node_modules/node/package.json')?.version.split('.')[0])
}

/** Throws SetupError where the dependencies did not bring the Node that is needed. */
function demandNode() {
  if (nodeMajor() >= NEEDED_NODE) return
  throw new SetupError(
    `Node ${NEEDED_NODE} is needed and the npm package "node" did not install it (node_modules/.bin/node is missing); ` +
      `let npm run its install script, or install Node ${NEEDED_NODE} yourself.`,
  )
}

// Native engine

const NATIVE = join(ROOT, 'native')

/** Whether the addon exists and is newer than all its sources; also true where there is nothing to build. */
function nativePresent() {
  if (!existsSync(join(NATIVE, 'CMakeLists.txt'))) return true
  return newestAddon() > newest(NATIVE, (name) => /\.(cpp|cc|h|hpp|inl)$|^CMakeLists\.txt$/.test(name))
}

function newestAddon() {
  return newest(join(NATIVE, 'build'), (name) => name.endsWith('.node'))
}

async function buildNative() {
  const slow = 'the lab runs on TensorFlow.js instead, many times slower'
  for (const tool of ['cmake', 'c++']) {
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error) {
      console.error(`No ${tool} to build the native engine with, so ${slow}; install cmake and a C++17 compiler.`)
      return
    }
  }
  const folder = relative(ROOT, join(NATIVE, 'build'))
  forgetOtherPlace(join(NATIVE, 'build'))
  let output = await capture('cmake', ['-S', 'native', '-B', folder, '-DCMAKE_BUILD_TYPE=Release'], 5 * MINUTE)
  output += await capture('cmake', ['--build', folder, '--parallel', String(availableParallelism())], 15 * MINUTE)
  if (nativePresent()) return
  const log = join(folder, 'build.log')
  mkdirSync(join(ROOT, folder), { recursive: true })
  writeFileSync(join(ROOT, log), output)
  const older = newestAddon() > 0
  const instead = older ? 'the lab uses the one that was built before' : slow
  console.error(`The native engine did not build (see ${log}), so ${instead}.`)
}

/** Removes CMake's cache where it was written in another folder, because CMake refuses it. The addon itself stays valid. */
function forgetOtherPlace(build) {
  const cache = join(build, 'CMakeCache.txt')
  if (!existsSync(cache)) return
  const [, place] = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8')) ?? []
  if (place === NATIVE) return
  for (const made of ['CMakeCache.txt', 'CMakeFiles']) rmSync(join(build, made), { recursive: true, force: true })
}

// Window

const RENDERER = join(ROOT, 'renderer')
const BUILT = join(RENDERER, 'dist')

/** Whether the built window is newer than its sources and its packages. */
function rendererPresent() {
  if (!existsSync(join(RENDERER, 'index.html'))) return true
  const built = newest(BUILT, (name) => name === 'index.html')
  const packages = statSync(join(ROOT, 'package-lock.json')).mtimeMs
  return (
    built >
    Math.max(
      packages,
      newest(RENDERER, (name) => !name.includes('.test.')),
    )
  )
}

async function buildRenderer() {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
  const output = await capture(nodePath(), [vite, 'build', RENDERER], 5 * MINUTE)
  if (rendererPresent()) return
  console.error(`The window did not build; the command line works without it. ${lastLines(output)}`)
}

/** Folders with generated files. */
const MADE = ['build', 'CMakeFiles', 'dist']

/** When the newest of a folder's files was written, in milliseconds; 0 where there is none. */
function newest(folder, wanted) {
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return MADE.includes(entry.name) ? latest : Math.max(latest, newest(path, wanted))
    return wanted(entry.name) ? Math.max(latest, statSync(path).mtimeMs) : latest
  }, 0)
}

// Browser and pages

/** Whether what app/prepare.ts found the last time still exists; `null` stands for pages that could not be fetched. */
function environmentPresent(again) {
  const { browser, pages } = readJson('data/setup.json') ?? {}
  if (typeof browser !== 'string' || !existsSync(browser)) return false
  return typeof pages === 'string' ? existsSync(pages) : !again
}

async function prepareEnvironment() {
  const code = await runNode(['--disable-warning=ExperimentalWarning', join(ROOT, 'app/prepare.ts')])
  if (code !== 0) throw new SetupError('The set-up stopped there.')
}

// One command at a time

/** Has the number of the process that sets up. It is touched every second. */
const LOCK = join(ROOT, 'data/setup.lock')
/** Milliseconds without a touch after which the process counts as gone: its number may be another process's by now. */
const GONE = 30_000

/** Does the work while no other command sets up this folder; waits for that before. */
async function alone(work) {
  if (!takeLock()) {
    console.error('Another command is setting up this folder; this one goes on when that is done ...')
    while (!takeLock()) await new Promise((done) => setTimeout(done, 200))
  }
  const touched = setInterval(touchLock, 1000)
  try {
    await work()
  } finally {
    clearInterval(touched)
    if (isOwnLock()) rmSync(LOCK, { force: true })
  }
}

/** Whether this process may set up now. */
function takeLock() {
  try {
    mkdirSync(dirname(LOCK), { recursive: true })
    if (isLeft()) rmSync(LOCK, { force: true })
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    // Where nothing can be written, there is nothing to set up together.
    return error.code !== 'EEXIST'
  }
}

/** Whether the lock is there, and the process that took it is not. */
function isLeft() {
  try {
    if (Date.now() - statSync(LOCK).mtimeMs > GONE) return true
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function touchLock() {
  const now = new Date()
  if (isOwnLock()) utimesSync(LOCK, now, now)
}

function isOwnLock() {
  try {
    return readFileSync(LOCK, 'utf8') === String(process.pid)
  } catch {
    return false
  }
}

// Running programs

/** Runs one part, and prints its title and how long it took. */
async function step(title, work) {
  const start = Date.now()
  console.error(`Setting up: ${title} ...`)
  await work()
  console.error(`Setting up: ${title}, ${((Date.now() - start) / 1000).toFixed(1)} s`)
}

/** Runs a program until it ends or reaches its time limit. Returns its output; the caller checks whether it worked. */
function capture(program, args, limit) {
  return new Promise((done) => {
    let output = ''
    // Not the option `timeout`: its timer keeps this process alive to the end where the program does not exist.
    const late = AbortSignal.timeout(limit)
    const child = spawn(program, args, { cwd: ROOT, signal: late, stdio: ['ignore', 'pipe', 'pipe'] })
    const add = (chunk) => {
      output += chunk
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    child.once('error', (error) => done(`${output}${error.message}\n`))
    child.once('close', (_code, signal) => done(signal ? `${output}stopped by ${signal}\n` : output))
  })
}

/** The JavaScript file of a dependency's program. On Windows the file in node_modules/.bin is a script of a shell. */
export function binFile(program, platform = process.platform) {
  if (platform !== 'win32') return join(BIN, program)
  for (const entry of Object.entries(readJson('node_modules/.package-lock.json')?.packages ?? {})) {
    const [path, { bin = {} }] = entry
    if (bin[program] !== undefined) return join(ROOT, path, bin[program])
  }
  return join(BIN, program)
}

function lastLines(output) {
  return output.trim().split('\n').slice(-8).join('\n')
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  } catch {
    return undefined
  }
}

async function main([flag, program, ...args]) {
  try {
    await setUp({ again: flag !== '--exec' })
  } catch (error) {
    return report(error)
  }
  if (flag !== '--exec') return 0
  return runNode(program === 'node' ? args : [binFile(program), ...args])
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2))
}
