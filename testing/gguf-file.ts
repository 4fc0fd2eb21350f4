/**
 * For tests: the bytes of GGUF files, right and wrong ones. It shares the numbers of the format with the lab, and no code,
 * so that it does not repeat a mistake.
 */
import { ALIGNMENT, type GgufType, MAGIC, TENSOR, VALUE, VERSION } from '../main/engine/gguf/types.ts'

/** A value with the name of its type, or an array of values of one type. */
export type GgufValue =
  | { readonly [Type in Exclude<keyof typeof VALUE, 'array'>]?: string | number | boolean | bigint }
  | { readonly array: keyof typeof VALUE; readonly of: readonly (string | number | boolean | bigint)[] }

export interface GgufEntry {
  readonly name: string
  readonly type: GgufType | number
  /** Row-major. */
  readonly shape: readonly (number | bigint)[]
  readonly bytes: Uint8Array
  /** Its place among the tensors; by default behind the one before. */
  readonly offset?: number | bigint
}

export interface GgufParts {
  readonly values: readonly (readonly [key: string, value: GgufValue])[]
  readonly tensors?: readonly GgufEntry[]
  readonly version?: number
  /** What the file says, where that shall not be the number of tensors and values. */
  readonly counts?: readonly [tensors: bigint, values: bigint]
  readonly alignment?: number
}

/** The bytes of a file. */
export function ggufBytes(parts: GgufParts): Buffer {
  const { values, tensors = [], version = VERSION, alignment = ALIGNMENT } = parts
  const [tensorCount, valueCount] = parts.counts ?? [tensors.length, values.length]
  const header = [number(MAGIC, 'uint32'), number(version, 'uint32'), long(tensorCount), long(valueCount)]
  for (const [key, value] of values) header.push(text(key), valueBytes(value))
  const places: { at: number; bytes: Uint8Array }[] = []
  let end = 0
  for (const { name, type, shape, bytes, offset } of tensors) {
    const at = Math.ceil(end / alignment) * alignment
    end = at + bytes.length
    places.push({ at, bytes })
    header.push(text(name), number(shape.length, 'uint32'), ...shape.toReversed().map(long))
    header.push(number(typeof type === 'number' ? type : TENSOR[type].code, 'uint32'), long(offset ?? at))
  }
  const front = Buffer.concat(header)
  const start = Math.ceil(front.length / alignment) * alignment
  const file = Buffer.alloc(start + end)
  front.copy(file)
  for (const { at, bytes } of places) file.set(bytes, start + at)
  return file
}

function valueBytes(value: GgufValue): Buffer {
  if ('array' in value) {
    const { array, of } = value
    const items = of.map((item) => scalar(array, item))
    return Buffer.concat([number(VALUE.array, 'uint32'), number(VALUE[array], 'uint32'), long(of.length), ...items])
  }
  const [[type, given]] = Object.entries(value) as [[keyof typeof VALUE, string | number | boolean | bigint]]
  return Buffer.concat([number(VALUE[type], 'uint32'), scalar(type, given)])
}

function scalar(type: keyof typeof VALUE, value: string | number | boolean | bigint): Buffer {
  if (type === 'string') return text(String(value))
  if (type === 'uint64' || type === 'int64') return long(value)
  return number(Number(value), type)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([long(bytes.length), bytes])
}

function long(value: string | number | boolean | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
  return bytes
}

function number(value: number, type: keyof typeof VALUE): Buffer {
  switch (type) {
    case 'uint8':
    case 'bool':
      return Buffer.from(Uint8Array.of(value))
    case 'int8':
      return Buffer.from(Int8Array.of(value).buffer)
    case 'uint16':
      return Buffer.from(Uint16Array.of(value).buffer)
    case 'int16':
      return Buffer.from(Int16Array.of(value).buffer)
    case 'int32':
      return Buffer.from(Int32Array.of(value).buffer)
    case 'float32':
      return Buffer.from(Float32Array.of(value).buffer)
    case 'float64':
      return Buffer.from(Float64Array.of(value).buffer)
    default:
      return Buffer.from(Uint32Array.of(value).buffer)
  }
}
