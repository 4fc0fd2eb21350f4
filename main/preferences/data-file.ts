/** The text of a data file. What is no text is named for what it is. */
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { refusePipe } from '../files/read.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'

/** Largest data file that is read, in bytes. */
export const DATA_LIMIT = 256 << 20

/**
 * The text of a data file; undefined where it is missing. Throws UserError where it cannot be read, is too large, or is
 * not text in UTF-8.
 */
export function readText(path: string): string | undefined {
  try {
    refusePipe(path)
    const there = statSync(path)
    if (there.isDirectory()) throw new UserError('dataIsFolder', { path })
    const { size } = there
    if (size > DATA_LIMIT) throw dataTooLarge(path, size)
    return textOf(readFileSync(path), path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    if (code === 'ENOENT') return undefined
    throw new UserError('dataUnreadable', { path, code })
  }
}

/** The text of a data file's bytes; `file` is its name in errors. Throws UserError where they are not text in UTF-8. */
export function textOf(bytes: Buffer, file: string): string {
  const kind = FORMATS.find(({ magic }) => bytes.subarray(0, magic.length).equals(magic))?.kind
  if (kind !== undefined) throw new UserError('dataOfKind', { path: file, kind })
  if (!isUtf8(bytes)) throw new UserError('dataNotUtf8', { place: `${file}:${firstForeignLine(bytes)}` })
  const text = bytes.toString('utf8')
  if (text.startsWith(POINTER)) throw new UserError('dataIsPointer', { path: file })
  return text
}

/** The error for a data file of more than DATA_LIMIT bytes. */
export function dataTooLarge(path: string, size: number): UserError {
  const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20)
  return new UserError('dataTooLarge', { path, size: megabytes(size), limit: megabytes(DATA_LIMIT) })
}

/** The number of the first line that is not UTF-8. */
function firstForeignLine(bytes: Buffer): number {
  let line = 1
  for (let at = 0; ; line++) {
    const end = bytes.indexOf(LINE_FEED, at)
    if (end === -1 || !isUtf8(bytes.subarray(at, end))) return line
    at = end + 1
  }
}

/** The start of a file that Git LFS has not fetched. */
const POINTER = 'version https://git-lfs.github.com/spec/'

const LINE_FEED = 0x0a

const utf16 = message('kindUtf16')
/** What files of other formats begin with. */
const FORMATS = [
  { kind: 'gzip', magic: Buffer.from([0x1f, 0x8b]) },
  { kind: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { kind: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]) },
  { kind: 'bzip2', magic: Buffer.from('BZh') },
  { kind: 'ZIP', magic: Buffer.from([0x50, 0x4b, 0x03, 0x04]) },
  { kind: 'Parquet', magic: Buffer.from('PAR1') },
  { kind: 'Arrow', magic: Buffer.from('ARROW1') },
  { kind: 'Arrow', magic: Buffer.from([0xff, 0xff, 0xff, 0xff]) },
  { kind: 'SQLite', magic: Buffer.from('SQLite format 3\0') },
  { kind: utf16, magic: Buffer.from([0xff, 0xfe]) },
  { kind: utf16, magic: Buffer.from([0xfe, 0xff]) },
]
