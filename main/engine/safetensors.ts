/**
 * The safetensors file format: 8 bytes with the length of a JSON header, the header (name -> dtype, shape, place), the
 * tensors' little-endian bytes without gaps. Files come from anywhere: every number of the header is checked before it
 * is used, and bad ones get one sentence.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../config/error.ts'
import { writeFileAtomic } from '../store/file.ts'
import type { Tensor, Tensors } from './engine.ts'

/** The format's own limit for headers. */
const MAX_HEADER_BYTES = 100_000_000
const BYTES: ReadonlyMap<string, number> = new Map(Object.entries({ F32: 4, F16: 2, BF16: 2 }))

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})

interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** Place in the file, in bytes. */
  readonly begin: number
  readonly end: number
}

/**
 * All tensors of a file, bf16 and f16 widened to float32. Reads the file once, from front to back.
 * @throws UserError where the file is missing, cut off or not what its header says.
 */
export async function readSafetensors(file: string): Promise<Tensors> {
  const handle = await openFile(file)
  try {
    const tensors = new Map<string, Tensor>()
    for (const entry of await readHeader(file, handle)) {
      const bytes = await readBytes(file, handle, entry.begin, entry.end)
      tensors.set(entry.name, { shape: entry.shape, data: widen(bytes, entry.dtype) })
    }
    return tensors
  } finally {
    await handle.close()
  }
}

/** Writes tensors as float32, atomically. Throws UserError where the disk refuses. */
export function writeSafetensors(file: string, tensors: Tensors): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  let size = 0
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [size, size + data.byteLength] }
    size += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  // Blanks after the header align the data to 8 bytes, as the format asks.
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = Buffer.alloc(8 + padded + size, ' ')
  bytes.writeBigUInt64LE(BigInt(padded))
  json.copy(bytes, 8)
  let at = 8 + padded
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  writeFileAtomic(file, bytes)
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    const handle = await open(file, 'r')
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'cannot be read'
    throw new UserError(`${file} ${reason}; copy it from where the model came from.`)
  }
  throw new UserError(`${file} is not a file; a safetensors file belongs there.`)
}

/** The entries of the header in the order of their places, proven to tile the rest of the file. */
async function readHeader(file: string, handle: FileHandle): Promise<Entry[]> {
  const broken = (what: string) => new UserError(`${file} ${what}; copy or download it again.`)
  const { size } = await handle.stat()
  if (size < 8) throw broken(`is cut off after ${size} bytes`)
  const length = Number((await readBytes(file, handle, 0, 8)).readBigUInt64LE())
  if (length > MAX_HEADER_BYTES) throw broken('is not a safetensors file (its header would be over 100 MB)')
  const start = 8 + length
  if (start > size) throw broken(`is cut off: its header has ${length} bytes, the file ${size}`)

  let header: unknown
  try {
    header = JSON.parse((await readBytes(file, handle, 8, start)).toString('utf8'))
  } catch {
    throw broken('is not a safetensors file (its header is not JSON)')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw broken('is not a safetensors file (its header is not an object)')
  }

  const entries: Entry[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const parsed = entrySchema.safeParse(value)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      throw broken(`has a bad header: ${name}: ${[...issue.path, issue.message].join(' ')}`)
    }
    const { dtype, shape, data_offsets } = parsed.data
    const width = BYTES.get(dtype)
    if (width === undefined) {
      throw new UserError(
        `${file}: ${name} is of dtype ${dtype}; only F32, F16 and BF16 can be read, so convert the file to one of them.`,
      )
    }
    const [begin, end] = data_offsets
    const bytes = shape.reduce((product, n) => product * n, width)
    if (end - begin !== bytes) {
      throw broken(`has a bad header: ${name} [${shape.join(', ')}] ${dtype} needs ${bytes} bytes, not ${end - begin}`)
    }
    entries.push({ name, dtype, shape, begin: start + begin, end: start + end })
  }

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let at = start
  for (const { name, begin, end } of entries) {
    if (begin !== at)
      throw broken(`has a bad header: ${name} ${begin < at ? 'overlaps' : 'leaves a gap after'} another tensor`)
    at = end
  }
  if (at > size) throw broken(`is cut off: its tensors need ${at} bytes, the file has ${size}`)
  if (at < size) throw broken(`has ${size - at} bytes after its last tensor`)
  return entries
}

/** The bytes of a file from `begin` to `end`, in memory of their own, so that they can be viewed as numbers. */
async function readBytes(file: string, handle: FileHandle, begin: number, end: number): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(end - begin))
  for (let at = 0; at < bytes.length; ) {
    // One call reads less than 2 GiB.
    const length = Math.min(bytes.length - at, 1 << 30)
    const { bytesRead } = await handle.read(bytes, at, length, begin + at)
    if (bytesRead === 0) throw new UserError(`${file} became shorter while it was read; copy or download it again.`)
    at += bytesRead
  }
  return bytes
}

function widen(bytes: Buffer, dtype: string): Float32Array {
  if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const data = new Float32Array(halves.length)
  if (dtype === 'BF16') {
    const bits = new Uint32Array(data.buffer)
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16
  } else {
    for (let i = 0; i < halves.length; i++) data[i] = fromHalf(halves[i]!)
  }
  return data
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}
