/** Writes files atomically: a kill leaves the old file or the new one, never a part. */
import {
  closeSync,
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
import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../messages/error.ts'

/**
 * Writes a file by way of a temporary file beside it (write, fsync, rename), and makes its folder. For a link, the file
 * that it leads to is replaced; a device or a pipe is written into. Bytes may come in pieces. Throws UserError where
 * the disk refuses.
 */
export function writeFileAtomic(given: string, data: string | Uint8Array | readonly Uint8Array[]): void {
  const pieces = typeof data === 'string' ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data
  const { path, plain } = target(given)
  try {
    if (plain) replaceFile(path, pieces)
    else writeFileSync(path, Buffer.concat(pieces))
  } catch (error) {
    throw unwritable(path, error)
  }
}

function replaceFile(path: string, pieces: readonly Uint8Array[]): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true })
    const file = openSync(temporary, 'w')
    try {
      for (const bytes of pieces) for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    try {
      rmSync(temporary, { force: true })
    } catch {
      // The folder could not be made, so there is nothing to remove.
    }
    throw error
  }
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

/**
 * Writes a file as `writeFileAtomic` does, piece by piece. `produce` gets a function that writes one piece, and calls
 * it again only when the last call has resolved. If `produce` throws, the old file stays. Throws UserError where the
 * disk refuses.
 */
export async function writeStreamAtomic(
  path: string,
  produce: (write: (piece: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true })
    const file = await open(temporary, 'w')
    try {
      await produce(async (piece) => {
        for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
      })
      await file.sync()
    } finally {
      await file.close()
    }
    renameSync(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw unwritable(path, error)
  }
}

/** The UserError for a path that cannot be written. Any other error is returned as it is. */
export function unwritable(path: string, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
      return new UserError('diskFull', { path })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError('noPermissionToWrite', { path })
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return new UserError('fileInTheWay', { path })
    default:
      return error
  }
}
