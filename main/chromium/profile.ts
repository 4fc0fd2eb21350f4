/**
 * Folders for browsers: the profile and all temporary files of one Chromium. A lab that was killed leaves its folders
 * behind; the next one removes them. A folder holds a socket on which its lab listens, so the kernel knows whether that
 * lab lives, also in another container.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { readdir, readlink, rm, stat, unlink } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { UserError } from '../messages/error.ts'
import { reasonOf } from '../messages/reason.ts'

const PREFIX = 'dpo-driver-browser-'
/** The socket of the lab, and the file that names the browser's process group. */
const OWNER = 'owner'
const GROUP = 'group'
/** Links to all folders, because the next lab may have another temporary folder. */
const LINKS = path.join(homedir(), '.cache', 'dpo-driver', 'profiles')
/** Folders without a socket that are younger may belong to a lab that is about to listen. In milliseconds. */
const JUST_MADE = 600_000
/** A socket's path has at most 107 bytes, and Chromium makes sockets in its temporary folder too. */
const LONGEST = 40

export interface Profile {
  readonly folder: string
  /** Notes the browser's process group, so that the next lab can end it if this one is killed. */
  owned(group: number): void
  /** Removes the folder. Never throws. */
  remove(): Promise<void>
  /** The same at once, for the end of this process. */
  removeNow(): void
}

/**
 * Makes a folder for a browser, in the system's folder for temporary files.
 * @throws UserError where that cannot be written.
 */
export async function makeProfile(): Promise<Profile> {
  const parent = process.platform === 'linux' && tmpdir().length > LONGEST ? '/tmp' : tmpdir()
  const folder = make(parent)
  const link = path.join(LINKS, path.basename(folder))
  try {
    mkdirSync(LINKS, { recursive: true })
    symlinkSync(folder, link)
  } catch {
    // Then only a lab with the same temporary folder finds it.
  }
  const server = createServer((other) => other.destroy())
  await new Promise<void>((resolve) => {
    server.once('listening', resolve)
    // A file system without sockets: nobody will remove the folder after a kill.
    server.on('error', () => resolve())
    server.listen(path.join(folder, OWNER))
  })
  server.unref()
  return {
    folder,
    owned: (group) => writeFileSync(path.join(folder, GROUP), JSON.stringify([group, startOf(group)])),
    async remove() {
      await removeFolder(folder)
      server.close()
      await unlink(link).catch(() => {})
    },
    removeNow() {
      try {
        for (const name of withoutOwner(readdirSync(folder))) {
          rmSync(path.join(folder, name), { recursive: true, force: true })
        }
        rmSync(folder, { recursive: true, force: true })
        unlinkSync(link)
      } catch {
        // The next lab removes what is left.
      }
    },
  }
}

function make(parent: string): string {
  try {
    const folder = mkdtempSync(path.join(parent, PREFIX))
    try {
      // A full disk lets folders be made, but not files.
      writeFileSync(path.join(folder, GROUP), ' '.repeat(65_536))
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
    return folder
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new UserError('temporaryFolderFull', { folder: parent })
    throw new UserError('temporaryFolderUnusable', { folder: parent, why: reasonOf(error) })
  }
}

/**
 * Removes the folders of labs that were killed, and ends their browsers. Leaves those of living labs and of other users.
 * Never throws.
 */
export async function removeLeftProfiles(): Promise<void> {
  const named = await links()
  const listed = await readdir(tmpdir()).catch(() => [])
  const folders = new Set([
    ...listed.filter((name) => name.startsWith(PREFIX)).map((name) => path.join(tmpdir(), name)),
    ...named.values(),
  ])
  for (const folder of folders) {
    if (!(await isLeft(folder))) continue
    endGroup(folder)
    await removeFolder(folder)
  }
  for (const [link, folder] of named) {
    await stat(folder).catch(() => unlink(link).catch(() => {}))
  }
}

/** The links to folders, and where they lead. */
async function links(): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of await readdir(LINKS).catch(() => [])) {
    const link = path.join(LINKS, name)
    const folder = await readlink(link).catch(() => undefined)
    if (folder !== undefined && path.basename(folder).startsWith(PREFIX)) found.set(link, folder)
  }
  return found
}

/** Whether the folder is this user's and its lab has ended. */
async function isLeft(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return false
  const refusal = await new Promise<string | undefined>((resolve) => {
    const socket = createConnection(path.join(folder, OWNER))
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  if (refusal === 'ENOENT') return Date.now() - found.mtimeMs > JUST_MADE
  return refusal === 'ECONNREFUSED'
}

/** Ends the browser that a killed lab has left. Most end by themselves, but not one that is stopped. */
function endGroup(folder: string): void {
  try {
    const [group, start] = JSON.parse(readFileSync(path.join(folder, GROUP), 'utf8'))
    // While a process group exists, no other process gets its number. So another start means that it is gone.
    const now = startOf(group)
    if (now === start || (now === null && isBrowser(group))) process.kill(-group, 'SIGKILL')
  } catch {
    // There was none, or it has ended.
  }
}

/** When a process started, in the system's ticks; null where there is none, or where the system does not tell. */
function startOf(pid: number): number | null {
  const fields = statOf(String(pid))
  return fields === null ? null : Number(fields[19])
}

/** Whether the processes of a group without its first one are those of a Chromium. */
function isBrowser(group: number): boolean {
  const members = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(statOf(pid)?.[2]) === group)
  const programs = members.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  return programs.length > 0 && programs.every((line) => /chrom|edge/i.test(line))
}

/** The fields of /proc/PID/stat after the name: state, parent, group, ... (proc_pid_stat(5)). */
function statOf(pid: string): string[] | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return line.slice(line.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

async function removeFolder(folder: string): Promise<void> {
  // Processes that are ending may still write.
  const all = { recursive: true, force: true, maxRetries: 8, retryDelay: 100 }
  for (const name of withoutOwner(await readdir(folder).catch(() => []))) {
    await rm(path.join(folder, name), all).catch(() => {})
  }
  await rm(folder, all).catch(() => {})
}

/** What is removed first: a folder without a socket looks as if its lab had just made it. */
function withoutOwner(names: readonly string[]): string[] {
  return names.filter((name) => name !== OWNER)
}
