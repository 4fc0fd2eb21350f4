/** Writes GGUF files: the header, then the tensors as they come. */
import { writeStreamAtomic } from '../../files/file.ts'
import { ALIGNMENT, bytesOf, type GgufType, MAGIC, TENSOR, VALUE, VERSION } from './types.ts'

/** A value of the metadata, with its type. A text is a string, and a boolean a bool. */
export type TypedValue =
  | string
  | boolean
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly strings: readonly string[] }
  | { readonly int32s: readonly number[] }

export type TypedValues = readonly (readonly [key: string, value: TypedValue])[]

/** A tensor to write. */
export interface WrittenTensor {
  readonly name: string
  readonly type: GgufType
  /** Row-major, as in a checkpoint. A row is whole blocks of the type. */
  readonly shape: readonly number[]
  /** Its bytes from front to back, in pieces of any size. */
  bytes(): AsyncIterable<Uint8Array>
}

/**
 * Writes a file atomically. `onTensor` is called with the numbers of tensors written so far and in all. Throws UserError if
 * the disk refuses.
 */
export async function writeGguf(
  file: string,
  values: TypedValues,
  tensors: readonly WrittenTensor[],
  onTensor: (done: number, total: number) => void = () => {},
): Promise<void> {
  const front = header(values, tensors)
  await writeStreamAtomic(file, async (write) => {
    await write(front)
    await write(new Uint8Array(aligned(front.length) - front.length))
    for (const [index, tensor] of tensors.entries()) {
      const size = sizeOf(tensor)
      let written = 0
      for await (const piece of tensor.bytes()) {
        written += piece.length
        await write(piece)
      }
      if (written !== size) throw new Error(`${tensor.name}: ${written} bytes were given for a tensor of ${size}`)
      await write(new Uint8Array(aligned(size) - size))
      onTensor(index + 1, tensors.length)
    }
  })
}

function header(values: TypedValues, tensors: readonly WrittenTensor[]): Uint8Array {
  const bytes = new Bytes()
  bytes.uint32(MAGIC).uint32(VERSION).uint64(tensors.length).uint64(values.length)
  for (const [key, value] of values) writeValue(bytes.string(key), value)
  let offset = 0
  for (const tensor of tensors) {
    bytes.string(tensor.name).uint32(tensor.shape.length)
    // ggml lists the contiguous dimension first.
    for (const length of tensor.shape.toReversed()) bytes.uint64(length)
    bytes.uint32(TENSOR[tensor.type].code).uint64(offset)
    offset += aligned(sizeOf(tensor))
  }
  return bytes.done()
}

function writeValue(bytes: Bytes, value: TypedValue): void {
  if (typeof value === 'string') bytes.uint32(VALUE.string).string(value)
  else if (typeof value === 'boolean') bytes.uint32(VALUE.bool).uint8(Number(value))
  else if ('uint32' in value) bytes.uint32(VALUE.uint32).uint32(value.uint32)
  else if ('float32' in value) bytes.uint32(VALUE.float32).float32(value.float32)
  else if ('strings' in value) {
    bytes.uint32(VALUE.array).uint32(VALUE.string).uint64(value.strings.length)
    for (const text of value.strings) bytes.string(text)
  } else {
    bytes.uint32(VALUE.array).uint32(VALUE.int32).uint64(value.int32s.length)
    for (const number of value.int32s) bytes.uint32(number)
  }
}

function sizeOf({ type, shape }: WrittenTensor): number {
  return bytesOf(
    type,
    shape.reduce((product, n) => product * n, 1),
  )
}

function aligned(position: number): number {
  return Math.ceil(position / ALIGNMENT) * ALIGNMENT
}

/** Little-endian numbers and texts, one after the other. */
class Bytes {
  #bytes = Buffer.alloc(2 ** 16)
  #length = 0

  uint8(value: number): this {
    return this.#add(1, (at) => this.#bytes.writeUInt8(value, at))
  }

  uint32(value: number): this {
    return this.#add(4, (at) => this.#bytes.writeUInt32LE(value, at))
  }

  uint64(value: number): this {
    return this.#add(8, (at) => this.#bytes.writeBigUInt64LE(BigInt(value), at))
  }

  float32(value: number): this {
    return this.#add(4, (at) => this.#bytes.writeFloatLE(value, at))
  }

  string(text: string): this {
    const length = Buffer.byteLength(text)
    return this.uint64(length).#add(length, (at) => this.#bytes.write(text, at))
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #add(length: number, write: (at: number) => void): this {
    const needed = this.#length + length
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length))
      this.#bytes.copy(larger)
      this.#bytes = larger
    }
    write(this.#length)
    this.#length = needed
    return this
  }
}
