/**
 * Reads the header of a GGUF file: metadata, and where each tensor is. Files are not trusted: every count, length and place
 * is checked against the file's size before it is used, and a bad one is a UserError. Nothing is kept of what the metadata's
 * arrays hold, such as the vocabulary; `arrayOf` reads one when it is needed.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { refusePipe } from '../../files/read.ts'
import { shortText } from '../../messages/cut.ts'
import { UserError } from '../../messages/error.ts'
import type { Message } from '../../messages/message.ts'
import { message } from '../../messages/message.ts'
import { reasonOf } from '../../messages/reason.ts'
import { ALIGNMENT, bytesOf, GGUF_TYPES, type GgufType, MAGIC, TENSOR, UNREAD, VALUE, VERSION } from './types.ts'

/** Beyond every published model, as for safetensors. The vocabulary of Qwen2 takes 6 MB. */
const MAX_HEADER_BYTES = 100_000_000
/** Names of keys and tensors are shorter in every file that llama.cpp reads. */
const MAX_NAME_BYTES = 65_535
const MAX_TENSOR_NAME_BYTES = 64
/** Bytes that are read at a time. */
const CHUNK = 2 ** 20

/** A value of the metadata. Integers of 64 bits are rounded beyond 2^53. */
export type Value = string | number | boolean | ValueArray

/** An array in the metadata, by its place in the file. */
export interface ValueArray {
  readonly type: number
  readonly count: number
  readonly begin: number
  readonly end: number
}

export interface GgufTensor {
  readonly name: string
  readonly type: GgufType
  /** Row-major, as in a checkpoint: GGUF itself lists the dimensions the other way round. */
  readonly shape: readonly number[]
  readonly file: string
  /** Place in the file, in bytes. */
  readonly begin: number
  readonly end: number
}

export interface GgufHeader {
  readonly file: string
  readonly metadata: ReadonlyMap<string, Value>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** Whether a file begins as GGUF files do. False if it cannot be read. */
export function beginsAsGguf(file: string): boolean {
  try {
    return withFile(file, (front) => front.uint32() === MAGIC)
  } catch {
    return false
  }
}

/**
 * Reads and checks a file's header.
 * @throws UserError if the file cannot be read, is damaged or cut off, or holds tensors of a type that this lab cannot read.
 */
export function readGgufHeader(file: string): GgufHeader {
  return withFile(file, (front) => {
    checkVersion(file, front)
    const [tensorCount, valueCount] = [front.uint64(), front.uint64()]
    const metadata = new Map<string, Value>()
    for (let index = 0; index < valueCount; index++) {
      const key = front.name()
      if (metadata.has(key)) throw damaged(file, message('ggufKeyTwice', { key: shortText(key) }))
      metadata.set(key, readValue(front, key))
    }
    const listed = new Map<string, Omit<GgufTensor, 'end'>>()
    for (let index = 0; index < tensorCount; index++) {
      const tensor = tensorOf(front)
      if (listed.has(tensor.name)) throw damaged(file, message('ggufTensorTwice', { name: tensor.name }))
      listed.set(tensor.name, tensor)
    }
    return { file, metadata, tensors: placed(file, front, [...listed.values()], alignmentOf(file, metadata)) }
  })
}

/** The texts or numbers of an array. @throws UserError if it holds anything else, or the file has changed. */
export function arrayOf(file: string, array: ValueArray): (string | number)[] {
  return withFile(file, (front) => {
    front.skip(array.begin)
    return Array.from({ length: array.count }, () => {
      const value = front.value(array.type)
      if (typeof value === 'boolean') throw damaged(file, message('ggufValueType', { key: '-', type: array.type }))
      return value
    })
  })
}

function withFile<Result>(file: string, read: (front: Front) => Result): Result {
  let handle: number | undefined
  try {
    refusePipe(file)
    handle = openSync(file, 'r')
    return read(new Front(file, handle, fstatSync(handle).size))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('fileUnreadable', { file, reason: reasonOf(error) })
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

function damaged(file: string, what: Message): UserError {
  return new UserError('ggufDamaged', { file, what })
}

function checkVersion(file: string, front: Front): void {
  if (front.size < 4 || front.uint32() !== MAGIC) throw new UserError('ggufMagicMissing', { file })
  const version = front.uint32()
  if (version === 0x02000000 || version === 0x03000000) throw new UserError('ggufBigEndian', { file })
  if (version !== 2 && version !== VERSION) throw new UserError('ggufVersion', { file, version })
}

function readValue(front: Front, key: string): Value {
  const { file } = front
  const type = front.uint32()
  if (type !== VALUE.array) return front.value(type, key)
  const items = front.uint32()
  const count = front.uint64()
  const begin = front.at
  if (items === VALUE.string) for (let index = 0; index < count; index++) front.skip(front.uint64())
  else {
    const width = WIDTHS[items]
    if (width === undefined) throw damaged(file, message('ggufValueType', { key: shortText(key), type: items }))
    front.skip(count * width)
  }
  return { type: items, count, begin, end: front.at }
}

function tensorOf(front: Front): Omit<GgufTensor, 'end'> {
  const { file } = front
  const name = front.name(MAX_TENSOR_NAME_BYTES)
  const dimensions = front.uint32()
  if (dimensions === 0 || dimensions > 4) throw damaged(file, message('ggufDimensions', { name, count: dimensions }))
  const shape = Array.from({ length: dimensions }, () => front.uint64()).reverse()
  const code = front.uint32()
  const type = GGUF_TYPES.find((one) => TENSOR[one].code === code)
  if (type === undefined) {
    const known = UNREAD[code]
    if (known === undefined) throw damaged(file, message('ggufTensorType', { name, code }))
    throw new UserError('ggufTypeUnsupported', { file, name, type: known, types: GGUF_TYPES })
  }
  if (!Number.isSafeInteger(shape.reduce((product, n) => product * n, TENSOR[type].bytes))) {
    throw damaged(file, message('ggufTensorHuge', { name, shape: shape.join(', ') }))
  }
  const columns = shape.at(-1)!
  if (columns % TENSOR[type].numbers !== 0) {
    throw damaged(file, message('ggufRowsOfBlocks', { name, columns, type, numbers: TENSOR[type].numbers }))
  }
  return { name, type, shape, file, begin: front.uint64() }
}

function alignmentOf(file: string, metadata: ReadonlyMap<string, Value>): number {
  const alignment = metadata.get('general.alignment') ?? ALIGNMENT
  if (typeof alignment === 'number' && alignment > 0 && Number.isInteger(Math.log2(alignment))) return alignment
  throw damaged(file, message('ggufAlignment', { alignment: typeof alignment === 'object' ? '[]' : `${alignment}` }))
}

/** The tensors with their places in the file, after the header's end. */
function placed(
  file: string,
  { at, size }: Front,
  listed: readonly Omit<GgufTensor, 'end'>[],
  alignment: number,
): Map<string, GgufTensor> {
  const start = Math.ceil(at / alignment) * alignment
  const tensors = listed.map((tensor): GgufTensor => {
    const { name, begin: offset, type, shape } = tensor
    if (offset % alignment !== 0) throw damaged(file, message('ggufOffset', { name, offset, alignment }))
    const begin = start + offset
    const end =
      begin +
      bytesOf(
        type,
        shape.reduce((product, n) => product * n, 1),
      )
    if (end > size) throw new UserError('ggufTensorCutOff', { file, name, end, size })
    return { ...tensor, begin, end }
  })
  const inOrder = tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  for (const [index, { name, begin }] of inOrder.entries()) {
    const before = inOrder[index - 1]
    if (before !== undefined && begin < before.end) {
      throw damaged(file, message('ggufOverlap', { name, other: before.name }))
    }
  }
  return new Map(tensors.map((tensor) => [tensor.name, tensor]))
}

/** Bytes of the values in arrays, by type. Arrays of arrays are in no model's file. */
const WIDTHS: Readonly<Record<number, number>> = {
  [VALUE.uint8]: 1,
  [VALUE.int8]: 1,
  [VALUE.uint16]: 2,
  [VALUE.int16]: 2,
  [VALUE.uint32]: 4,
  [VALUE.int32]: 4,
  [VALUE.float32]: 4,
  [VALUE.bool]: 1,
  [VALUE.uint64]: 8,
  [VALUE.int64]: 8,
  [VALUE.float64]: 8,
}

/** Reads a file from its front on, one value after the other. */
class Front {
  readonly file: string
  readonly size: number
  /** The place of the next value. */
  at = 0
  readonly #handle: number
  #chunk = Buffer.alloc(0)
  /** The chunk's place in the file. */
  #from = 0

  constructor(file: string, handle: number, size: number) {
    this.file = file
    this.#handle = handle
    this.size = size
  }

  /** Moves on by so many bytes. @throws UserError if the file or the longest header ends before. */
  skip(bytes: number): void {
    const end = this.at + bytes
    if (end > this.size) throw new UserError('ggufCutOff', { file: this.file, size: this.size })
    if (end > MAX_HEADER_BYTES) throw new UserError('ggufHeaderTooLong', { file: this.file })
    this.at = end
  }

  /** The next bytes, as a place in the chunk. */
  #take(bytes: number): number {
    const at = this.at
    this.skip(bytes)
    if (at < this.#from || this.at > this.#from + this.#chunk.length) this.#read(at, bytes)
    return at - this.#from
  }

  #read(at: number, bytes: number): void {
    const chunk = Buffer.alloc(Math.min(this.size - at, Math.max(bytes, CHUNK)))
    for (let filled = 0; filled < chunk.length; ) {
      const count = readSync(this.#handle, chunk, filled, chunk.length - filled, at + filled)
      if (count === 0) throw new UserError('ggufCutOff', { file: this.file, size: at + filled })
      filled += count
    }
    this.#chunk = chunk
    this.#from = at
  }

  uint32(): number {
    const at = this.#take(4)
    return this.#chunk.readUInt32LE(at)
  }

  /** Rounded beyond 2^53. */
  uint64(): number {
    const at = this.#take(8)
    return this.#chunk.readUInt32LE(at) + this.#chunk.readUInt32LE(at + 4) * 2 ** 32
  }

  string(): string {
    const length = this.uint64()
    const at = this.#take(length)
    return this.#chunk.toString('utf8', at, at + length)
  }

  name(most = MAX_NAME_BYTES): string {
    const before = this.at
    const name = this.string()
    if (this.at - before > 8 + most) throw damaged(this.file, message('ggufNameLong', { at: before }))
    return name
  }

  /** A value that is no array. */
  value(type: number, key = '-'): string | number | boolean {
    if (type === VALUE.string) return this.string()
    const width = WIDTHS[type]
    if (width === undefined) throw damaged(this.file, message('ggufValueType', { key: shortText(key), type }))
    const at = this.#take(width)
    const chunk = this.#chunk
    switch (type) {
      case VALUE.uint8:
        return chunk.readUInt8(at)
      case VALUE.int8:
        return chunk.readInt8(at)
      case VALUE.uint16:
        return chunk.readUInt16LE(at)
      case VALUE.int16:
        return chunk.readInt16LE(at)
      case VALUE.uint32:
        return chunk.readUInt32LE(at)
      case VALUE.int32:
        return chunk.readInt32LE(at)
      case VALUE.float32:
        return chunk.readFloatLE(at)
      case VALUE.bool:
        return chunk.readUInt8(at) !== 0
      case VALUE.uint64:
        return Number(chunk.readBigUInt64LE(at))
      case VALUE.int64:
        return Number(chunk.readBigInt64LE(at))
      default:
        return chunk.readDoubleLE(at)
    }
  }
}
