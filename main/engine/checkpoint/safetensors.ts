/**
 * The safetensors file format: 8 bytes with the length of a JSON header, the header (name -> dtype, shape, place), then the
 * tensors' little-endian bytes without gaps. Files are not trusted: every number of the header is checked before it is
 * used, and a bad one is a UserError.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { demand, dotted } from '../../config/demand.ts'
import { writeFileAtomic, writeStreamAtomic } from '../../files/file.ts'
import { refusePipe } from '../../files/read.ts'
import { UserError } from '../../messages/error.ts'
import type { Tensor, Tensors } from '../engine.ts'
import { type Dtype, WIDTHS, widen } from './dtype.ts'

/** The format's limit for headers. */
const MAX_HEADER_BYTES = 100_000_000

/** The dtypes that a model's or an adapter's file may hold. */
const NUMBERS: readonly Dtype[] = ['F32', 'F16', 'BF16']

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})

export interface Entry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Position in the file, in bytes. */
  readonly begin: number
  readonly end: number
}

/** Where the bytes of a file come from: the disk, or the net. */
export interface ByteSource {
  /** Its name, for messages. */
  readonly file: string
  readonly size: number
  /** Reads bytes from `begin` on, filling `into`. */
  read(begin: number, into: Uint8Array): Promise<void>
}

/** What a file's header says. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, Entry>
  /** The header's free texts. */
  readonly metadata: Readonly<Record<string, string>>
}

/** An open safetensors file whose header was read. */
export interface SafetensorsFile extends SafetensorsHeader {
  readonly file: string
  /** Reads a tensor's bytes from `from` on, filling `into`. Throws UserError if the file became shorter. */
  read(entry: Entry, from: number, into: Uint8Array): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a file and reads its header; `dtypes` are the allowed ones.
 * @throws UserError if the file is missing, cut off or does not match its header.
 */
export async function openSafetensors(file: string, dtypes: readonly Dtype[] = NUMBERS): Promise<SafetensorsFile> {
  const handle = await openFile(file)
  try {
    const { size } = await handle.stat()
    const source: ByteSource = { file, size, read: (begin, into) => readInto(file, handle, begin, into) }
    return {
      file,
      ...(await readHeader(source, dtypes)),
      read: (entry, from, into) => readInto(file, handle, entry.begin + from, into),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const placesSchema = z.record(z.string(), z.looseObject({ data_offsets: entrySchema.shape.data_offsets }))

/**
 * Whether a file has a header, and the length that the header says. Names, dtypes and shapes may be any. An error of the
 * disk counts as no.
 */
export function isComplete(file: string): boolean {
  let handle: number | undefined
  try {
    refusePipe(file)
    handle = openSync(file, 'r')
    const { size } = fstatSync(handle)
    const lead = Buffer.alloc(8)
    readSync(handle, lead)
    const start = 8 + Number(lead.readBigUInt64LE())
    if (start > Math.min(size, 8 + MAX_HEADER_BYTES)) return false
    const text = Buffer.alloc(start - 8)
    readSync(handle, text, { position: 8 })
    const { __metadata__, ...places } = JSON.parse(text.toString('utf8'))
    const ends = Object.values(placesSchema.parse(places)).map(({ data_offsets: [, end] }) => end)
    return size === ends.reduce((last, end) => Math.max(last, end), 0) + start
  } catch {
    return false
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

/** All numbers of a tensor; bf16 and f16 are widened to float32. */
export async function readTensor(from: SafetensorsFile, entry: Entry): Promise<Tensor> {
  // In a buffer of their own, so that they are aligned and can be viewed as numbers.
  const bytes = new Uint8Array(entry.end - entry.begin)
  await from.read(entry, 0, bytes)
  return { shape: entry.shape, data: widen(bytes, entry.dtype) }
}

/**
 * All tensors of a file; bf16 and f16 are widened to float32. Reads the file once, from front to back.
 * @throws UserError if the file is missing, cut off or does not match its header.
 */
export async function readSafetensors(file: string): Promise<Tensors> {
  const opened = await openSafetensors(file)
  try {
    const tensors = new Map<string, Tensor>()
    for (const entry of opened.entries.values()) tensors.set(entry.name, await readTensor(opened, entry))
    return tensors
  } finally {
    await opened.close()
  }
}

/** The tensors of a file to be written, in order: name, dtype and shape. */
export interface Declared {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

/**
 * Writes a file atomically. `bytes` yields the bytes of the first tensor, then of the second and so on, in pieces of any
 * size. Throws UserError if the disk refuses.
 */
export async function writeSafetensorsStream(
  file: string,
  declared: readonly Declared[],
  bytes: AsyncIterable<Uint8Array>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  let size = 0
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } }
  for (const { name, dtype, shape } of declared) {
    const end = size + byteLength(dtype, shape)
    header[name] = { dtype, shape, data_offsets: [size, end] }
    size = end
  }
  const front = headerBytes(header)
  await writeStreamAtomic(file, async (write) => {
    await write(front)
    let written = 0
    for await (const piece of bytes) {
      written += piece.length
      await write(piece)
    }
    if (written !== size) throw new Error(`${file}: ${written} bytes were given for tensors of ${size}`)
  })
}

/** Writes tensors as float32, atomically, with free texts. Throws UserError if the disk refuses. */
export function writeSafetensors(
  file: string,
  tensors: Tensors,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } }
  let size = 0
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [size, size + data.byteLength] }
    size += data.byteLength
  }
  const pieces = [...tensors.values()].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  writeFileAtomic(file, [headerBytes(header), ...pieces])
}

/** The size of a tensor in bytes. */
export function byteLength(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, WIDTHS[dtype])
}

/** The header after its length. Blanks at its end align the data to 8 bytes, as the format requires. */
function headerBytes(header: Readonly<Record<string, unknown>>): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = Buffer.alloc(8 + padded, ' ')
  bytes.writeBigUInt64LE(BigInt(padded))
  json.copy(bytes, 8)
  return bytes
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    refusePipe(file)
    const handle = await open(file, 'r')
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new UserError('safetensorsMissing', { file })
    throw new UserError('safetensorsUnreadable', { file, code })
  }
  throw new UserError('safetensorsNotAFile', { file })
}

/**
 * Reads the header of a file, which may be anywhere: its free texts, and its entries by position.
 * @throws UserError if the header is damaged, or its tensors do not fill the rest of the file exactly.
 */
export async function readHeader(source: ByteSource, dtypes: readonly Dtype[] = NUMBERS): Promise<SafetensorsHeader> {
  const { file, size } = source
  if (size < 8) throw new UserError('safetensorsCutOff', { file, size })
  const lead = Buffer.alloc(8)
  await source.read(0, lead)
  const length = Number(lead.readBigUInt64LE())
  if (length > MAX_HEADER_BYTES) throw new UserError('safetensorsHeaderTooLong', { file })
  const start = 8 + length
  if (start > size) throw new UserError('safetensorsHeaderCutOff', { file, header: length, size })

  let header: unknown
  const text = Buffer.alloc(length)
  await source.read(8, text)
  try {
    header = JSON.parse(text.toString('utf8'))
  } catch {
    throw new UserError('safetensorsHeaderNotJson', { file })
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new UserError('safetensorsHeaderNotObject', { file })
  }

  const entries: Entry[] = []
  let metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = z.record(z.string(), z.string()).catch({}).parse(value)
      continue
    }
    const parsed = entrySchema.safeParse(value, { reportInput: true })
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      if (issue.path.length === 0) throw new UserError('safetensorsEntryWrong', { file, name, demand: demand(issue) })
      throw new UserError('safetensorsEntryKeyWrong', { file, name, key: dotted(issue.path), demand: demand(issue) })
    }
    const { dtype, shape, data_offsets } = parsed.data
    const known = dtypes.find((each) => each === dtype)
    if (known === undefined) {
      throw new UserError('dtypeUnsupported', { file, name, dtype })
    }
    const [begin, end] = data_offsets
    const bytes = byteLength(known, shape)
    if (end - begin !== bytes) {
      const sizes = { shape: shape.join(', '), needed: bytes, size: end - begin }
      throw new UserError('safetensorsEntrySize', { file, name, dtype, ...sizes })
    }
    entries.push({ name, dtype: known, shape, begin: start + begin, end: start + end })
  }

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let at = start
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw new UserError(begin < at ? 'safetensorsOverlap' : 'safetensorsGap', { file, name })
    at = end
  }
  if (at > size) throw new UserError('safetensorsTensorsCutOff', { file, needed: at, size })
  if (at < size) throw new UserError('safetensorsTrailing', { file, size: size - at })
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata }
}

/** Reads a file's bytes from `begin` on, filling `into`. */
async function readInto(file: string, handle: FileHandle, begin: number, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length; ) {
    // One call reads less than 2 GiB.
    const length = Math.min(into.length - at, 1 << 30)
    const { bytesRead } = await handle.read(into, at, length, begin + at)
    if (bytesRead === 0) throw new UserError('safetensorsShrank', { file })
    at += bytesRead
  }
}
