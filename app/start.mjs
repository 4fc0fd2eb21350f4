#!/usr/bin/env node
/**
 * `npm start`: sets up what is missing and opens the lab in its own window. Where no window is possible, it serves the
 * lab to this machine's browser and prints the address. The options are those of `dpo-driver serve`; `--browser` opens
 * no window.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodePath, report, runLab, setUp } from './setup.mjs'

const ROOT = resolve(fileURLToPath(new URL('.', import.meta.url)), '..')
const DOWNLOAD_LIMIT = 5 * 60_000

/**
 * Finds Electron's executable, and downloads it where it is missing unless `get` is false. Returns `{ path }`, or `{
 * reason }` where no window is possible.
 */
export async function findElectron({
  root = ROOT,
  platform = process.platform,
  env = process.env,
  uid,
  get = true,
} = {}) {
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return { reason: 'there is no display' }
  if (platform === 'linux' && (uid ?? process.getuid?.()) === 0) return { reason: 'Electron does not run as root' }
  const folder = join(root, 'node_modules/electron')
  if (!existsSync(folder)) return { reason: 'Electron is not installed' }
  const path = installed(folder)
  if (path !== undefined) return { path }
  if (!get) return { reason: 'Electron was not downloaded yet' }
  console.error('Downloading Electron ...')
  await download(join(folder, 'install.js'))
  const downloaded = installed(folder)
  return downloaded === undefined ? { reason: 'Electron could not be downloaded' } : { path: downloaded }
}

/** The executable that Electron's package names; undefined where it is missing. */
function installed(folder) {
  const name = join(folder, 'path.txt')
  if (!existsSync(name)) return undefined
  const path = join(folder, 'dist', readFileSync(name, 'utf8'))
  return existsSync(path) ? path : undefined
}

/** Runs Electron's own download until it ends or reaches its time limit. The caller checks whether it worked. */
function download(script) {
  return new Promise((done) => {
    // Without this variable, Electron's download passes over HTTPS_PROXY.
    const env = { ...process.env, ELECTRON_GET_USE_PROXY: '1' }
    const child = spawn(nodePath(), [script], { stdio: 'ignore', timeout: DOWNLOAD_LIMIT, env })
    child.once('error', done)
    child.once('exit', done)
  })
}

function openWindow(path, args) {
  return new Promise((done, fail) => {
    // The folder, not its main file: only so does Electron read the app's name, and keep its files apart from other apps'.
    const child = spawn(path, [ROOT, ...args], { stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.once('error', fail)
    child.once('exit', (code) => done(code ?? 1))
  })
}

async function main(args) {
  const options = args.filter((arg) => arg !== '--browser')
  try {
    await setUp()
    if (options.length === args.length) {
      const { path, reason } = await findElectron()
      if (path !== undefined) return await openWindow(path, options)
      console.error(`The lab cannot open its own window, because ${reason}: the lab opens in a browser instead.`)
    }
    return await runLab(['serve', '--open', ...options])
  } catch (error) {
    return report(error)
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2))
}
