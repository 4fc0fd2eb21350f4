/** Writes files atomically: a kill leaves the old file or the new one, never a part. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { UserError } from '../messages/error.ts'
import { finished, removeUnfinished, unfinished } from './unfinished.ts'

/**
 * Writes a file by way of a temporary file beside it (write, fsync, rename), and makes its folder. For a link, the file
 * that it leads to is replaced; a device or a pipe is written into. Bytes may come in pieces. Throws UserError where
 * the disk refuses.
 */
export function writeFileAtomic(given: string, data: string | Uint8Array | readonly Uint8Array[]): void {
  const pieces = typeof data === 'string' ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data
  const { path, plain } = target(given)
  if (!plain) {
    writeInto(path, Buffer.concat(pieces))
    return
  }
  const temporary = unfinished(dirname(path), basename(path))
  try {
    makeFolder(dirname(path))
    removeUnfinished(dirname(path))
    const file = openSync(temporary, 'w')
    try {
      keepOwner(file, path)
      for (const bytes of pieces) for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    remove(temporary)
    throw unwritable(path, error)
  } finally {
    finished(temporary)
  }
}

/**
 * Writes a file as `writeFileAtomic` does, piece by piece. `produce` gets a function that writes one piece, and calls
 * it again only when the last call has resolved. If `produce` throws, the old file stays. Throws UserError where the
 * disk refuses.
 */
export async function writeStreamAtomic(given: string, produce: Produce): Promise<void> {
  const { path, plain } = target(given)
  if (!plain) return streamInto(path, produce)
  const temporary = unfinished(dirname(path), basename(path))
  try {
    makeFolder(dirname(path))
    removeUnfinished(dirname(path))
    const file = await open(temporary, 'w')
    try {
      keepOwner(file.fd, path)
      await produce((piece) => writeAll(file, piece))
      await file.sync()
    } finally {
      await file.close()
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    remove(temporary)
    throw unwritable(path, error)
  } finally {
    finished(temporary)
  }
}

/**
 * Makes a folder and those above it, so that they stay after a power cut. Throws the system's error. It goes step by step,
 * because Node's recursive mkdir does not end on every file system.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return
  // Otherwise a disk that cannot be written is told as a missing folder.
  accessSync(nearestFolder(folder), constants.W_OK)
  const parent = dirname(resolve(folder))
  makeFolder(parent)
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process may have made it.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
    throw error
  }
  syncFolder(parent)
}

/** A path, or the nearest folder above it that exists. */
export function nearestFolder(path: string): string {
  let there = resolve(path)
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there)
  return there
}

/** Makes renames in a folder last through a power cut, where the system can do that. */
export function syncFolder(folder: string): void {
  try {
    const opened = openSync(folder, 'r')
    try {
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
  } catch {
    // Windows opens no folders, and some network file systems do not sync them.
  }
}

/** What writes a file piece by piece. */
type Produce = (write: (piece: Uint8Array) => Promise<void>) => Promise<void>

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
}

/** Writes pieces into a device or a pipe. */
async function streamInto(path: string, produce: Produce): Promise<void> {
  try {
    refuseUnread(path)
    const file = await open(path, 'w')
    try {
      await produce((piece) => writeAll(file, piece))
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** Opening a pipe that nobody reads would wait for a reader. With this flag it fails at once. */
function refuseUnread(path: string): void {
  closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
}

/** Writes into a device or a pipe. */
function writeInto(path: string, bytes: Uint8Array): void {
  try {
    refuseUnread(path)
    writeFileSync(path, bytes)
  } catch (error) {
    throw unwritable(path, error)
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Its folder could not be made, so there is nothing to remove.
  }
}

/** Gives a new file the owner and the permissions of the file that it replaces. */
function keepOwner(file: number, path: string): void {
  const old = statSync(path, { throwIfNoEntry: false })
  if (old === undefined) return
  const { uid, gid } = fstatSync(file)
  if (uid !== old.uid || gid !== old.gid) {
    try {
      fchownSync(file, old.uid, old.gid)
    } catch {
      // Only root may give a file away. For others it becomes theirs.
    }
  }
  fchmodSync(file, old.mode & 0o7777)
}

/** Where a path leads, and whether a file there is replaced by renaming. A device or a pipe is written into instead. */
function target(path: string): { readonly path: string; readonly plain: boolean } {
  try {
    const there = statSync(path)
    return there.isFile() ? { path: realpathSync(path), plain: true } : { path, plain: there.isDirectory() }
  } catch {
    return { path, plain: true }
  }
}

/** The UserError for a path that cannot be written. An error that is not the system's is returned as it is. */
export function unwritable(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError('diskFull', { path })
    case 'EFBIG':
      return new UserError('fileTooLarge', { path })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError('noPermissionToWrite', { path })
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ENOTEMPTY':
      return new UserError('fileInTheWay', { path })
    case 'ENXIO':
      return new UserError('pipeWithoutReader', { path })
    default:
      return code === undefined || syscall === undefined ? error : new UserError('unwritable', { path, code })
  }
}
