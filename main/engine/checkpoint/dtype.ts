/** Converts the number formats of checkpoints to and from float32. */

/** Bytes of a number. U8 is for the stored forms of quantised weights. */
export const WIDTHS = { F32: 4, F16: 2, BF16: 2, U8: 1 } as const
export type Dtype = keyof typeof WIDTHS

/** The numbers in `bytes`, which must be aligned to their width. For float32 the result is a view, not a copy. */
export function widen(bytes: Uint8Array, dtype: Dtype): Float32Array {
  const { buffer, byteOffset, length } = bytes
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, length / 4)
    case 'F16':
      return new Float32Array(new Float16Array(buffer, byteOffset, length / 2))
    case 'BF16': {
      const halves = new Uint16Array(buffer, byteOffset, length / 2)
      const bits = new Uint32Array(halves.length)
      for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16
      return new Float32Array(bits.buffer)
    }
    case 'U8':
      return Float32Array.from(bytes)
  }
}

/** The bytes of numbers, rounded to the dtype's nearest, ties to even. */
export function narrow(numbers: Float32Array, dtype: Exclude<Dtype, 'U8'>): Uint8Array {
  switch (dtype) {
    case 'F32':
      return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
    case 'F16':
      return new Uint8Array(new Float16Array(numbers).buffer)
    case 'BF16': {
      const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)
      const halves = new Uint16Array(numbers.length)
      for (let i = 0; i < halves.length; i++) halves[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) >>> 16
      return new Uint8Array(halves.buffer)
    }
  }
}
