/**
 * Dequantises ggml's blocks, one function a type. Every number is to the bit what the `gguf` package's `dequantize` makes
 * of it: a product of a half-precision scale and small integers is exact in double precision, so the one rounding is that
 * to float32. Layouts are those of ggml-common.h. In the comments `d` and `m` are the block's scale and minimum.
 */
import { type GgufType, TENSOR } from './types.ts'

/** The float32 of every half, by its bits. */
const HALVES = new Float32Array(new Float16Array(Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).buffer))

/**
 * Writes the numbers of whole blocks. `bytes` holds nothing else, and `into` has just their room. F32, F16 and BF16, whose
 * numbers have no blocks, may not be aligned in memory.
 */
export function dequantize(type: GgufType, bytes: Uint8Array, into: Float32Array): void {
  const block = TENSOR[type]
  if (bytes.length * block.numbers !== into.length * block.bytes) {
    throw new Error(`${bytes.length} bytes of ${type} are not ${into.length} numbers`)
  }
  DEQUANTIZE[type](bytes, into)
}

const DEQUANTIZE: Readonly<Record<GgufType, (bytes: Uint8Array, into: Float32Array) => void>> = {
  F32: (bytes, into) => new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes),

  F16(bytes, into) {
    for (let i = 0, at = 0; i < into.length; i++, at += 2) into[i] = half(bytes, at)
  },

  BF16(bytes, into) {
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length)
    for (let i = 0, at = 0; i < bits.length; i++, at += 2) bits[i] = (bytes[at]! << 16) | (bytes[at + 1]! << 24)
  },

  /** d, 32 int8: d q. */
  Q8_0(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 34, to += 32) {
      const d = half(bytes, at)
      for (let i = 0; i < 32; i++) into[to + i] = d * ((bytes[at + 2 + i]! << 24) >> 24)
    }
  },

  /** d, 16 bytes of which the low halves are the first 16 numbers, the high ones the others: d (q - 8). */
  Q4_0(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 18, to += 32) {
      const d = half(bytes, at)
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 2 + i]!
        into[to + i] = d * ((q & 15) - 8)
        into[to + 16 + i] = d * ((q >> 4) - 8)
      }
    }
  },

  /** d, m, 16 bytes as in Q4_0: d q + m. */
  Q4_1(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 20, to += 32) {
      const d = half(bytes, at)
      const m = half(bytes, at + 2)
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 4 + i]!
        into[to + i] = d * (q & 15) + m
        into[to + 16 + i] = d * (q >> 4) + m
      }
    }
  },

  /** d, 32 fifth bits, 16 bytes as in Q4_0: d (q - 16). */
  Q5_0(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 22, to += 32) {
      const d = half(bytes, at)
      const fifth = uint32(bytes, at + 2)
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 6 + i]!
        into[to + i] = d * (((q & 15) | (((fifth >>> i) << 4) & 16)) - 16)
        into[to + 16 + i] = d * (((q >> 4) | (((fifth >>> (i + 16)) << 4) & 16)) - 16)
      }
    }
  },

  /** d, m, 32 fifth bits, 16 bytes as in Q4_0: d q + m. */
  Q5_1(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 24, to += 32) {
      const d = half(bytes, at)
      const m = half(bytes, at + 2)
      const fifth = uint32(bytes, at + 4)
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 8 + i]!
        into[to + i] = d * ((q & 15) | (((fifth >>> i) << 4) & 16)) + m
        into[to + 16 + i] = d * ((q >> 4) | (((fifth >>> (i + 16)) << 4) & 16)) + m
      }
    }
  },

  /**
   * 16 bytes of 4-bit scales and minima, 64 bytes of 2-bit numbers, d, m: (d scale) q - m minimum, by groups of 16. A byte
   * has numbers i, i + 32, i + 64 and i + 96 of its 128.
   */
  Q2_K(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 84, to += 256) {
      const d = half(bytes, at + 80)
      const m = half(bytes, at + 82)
      for (let group = 0; group < 16; group++) {
        const packed = bytes[at + group]!
        const scale = d * (packed & 15)
        const minimum = m * (packed >> 4)
        const from = at + 16 + (group >> 3) * 32 + (group & 1) * 16
        const shift = group & 6
        const first = to + group * 16
        for (let i = 0; i < 16; i++) into[first + i] = scale * ((bytes[from + i]! >> shift) & 3) - minimum
      }
    }
  },

  /**
   * 32 bytes of third bits, 64 bytes of 2-bit numbers as in Q2_K, 12 bytes of 6-bit scales, d: d (scale - 32) (q - 4), by
   * groups of 16. A set third bit adds 4.
   */
  Q3_K(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 110, to += 256) {
      const d = half(bytes, at + 108)
      const scales = at + 96
      for (let group = 0; group < 16; group++) {
        const low = bytes[scales + (group & 7)]! >> ((group >> 3) * 4)
        const high = bytes[scales + 8 + (group & 3)]! >> ((group >> 2) * 2)
        const scale = d * (((low & 15) | ((high & 3) << 4)) - 32)
        const from = at + 32 + (group >> 3) * 32 + (group & 1) * 16
        const thirds = at + (group & 1) * 16
        const shift = group & 6
        const bit = group >> 1
        const first = to + group * 16
        for (let i = 0; i < 16; i++) {
          const third = (bytes[thirds + i]! >> bit) & 1
          into[first + i] = scale * (((bytes[from + i]! >> shift) & 3) - 4 + third * 4)
        }
      }
    }
  },

  /** d, m, 12 bytes of 6-bit scales and minima, 128 bytes of 4-bit numbers: (d scale) q - m minimum, by groups of 32. */
  Q4_K(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 144, to += 256) {
      const d = half(bytes, at)
      const m = half(bytes, at + 2)
      for (let group = 0; group < 8; group++) {
        const scale = d * scaleOf(bytes, at + 4, group)
        const minimum = m * minimumOf(bytes, at + 4, group)
        const from = at + 16 + (group >> 1) * 32
        const shift = (group & 1) * 4
        const first = to + group * 32
        for (let i = 0; i < 32; i++) into[first + i] = scale * ((bytes[from + i]! >> shift) & 15) - minimum
      }
    }
  },

  /** As Q4_K, with 32 bytes of fifth bits before the numbers: bit g of byte i belongs to number i of group g. */
  Q5_K(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 176, to += 256) {
      const d = half(bytes, at)
      const m = half(bytes, at + 2)
      for (let group = 0; group < 8; group++) {
        const scale = d * scaleOf(bytes, at + 4, group)
        const minimum = m * minimumOf(bytes, at + 4, group)
        const from = at + 48 + (group >> 1) * 32
        const shift = (group & 1) * 4
        const first = to + group * 32
        for (let i = 0; i < 32; i++) {
          const fifth = (bytes[at + 16 + i]! >> group) & 1
          into[first + i] = scale * (((bytes[from + i]! >> shift) & 15) | (fifth << 4)) - minimum
        }
      }
    }
  },

  /**
   * 128 bytes of the numbers' low 4 bits, 64 bytes of their high 2, 16 int8 scales, d: (d scale) (q - 32), by groups of 16.
   * In 128 numbers the low bits of i and i + 64 share a byte, and the high bits of i, i + 32, i + 64 and i + 96.
   */
  Q6_K(bytes, into) {
    for (let at = 0, to = 0; to < into.length; at += 210, to += 256) {
      const d = half(bytes, at + 208)
      for (let group = 0; group < 16; group++) {
        const scale = d * ((bytes[at + 192 + group]! << 24) >> 24)
        const low = at + (group >> 3) * 64 + (group & 3) * 16
        const lowShift = ((group >> 2) & 1) * 4
        const high = at + 128 + (group >> 3) * 32 + (group & 1) * 16
        const highShift = group & 6
        const first = to + group * 16
        for (let i = 0; i < 16; i++) {
          const q = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> highShift) & 3) << 4)
          into[first + i] = scale * (q - 32)
        }
      }
    }
  },
}

function half(bytes: Uint8Array, at: number): number {
  return HALVES[bytes[at]! | (bytes[at + 1]! << 8)]!
}

function uint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/**
 * The 6-bit scale of a group in the 12 bytes of Q4_K and Q5_K: bytes 0 to 3 have scales 0 to 3, bytes 4 to 7 minima 0 to 3,
 * bytes 8 to 11 the low 4 bits of scales (below) and minima (above) 4 to 7, whose high 2 bits are on top of bytes 0 to 7.
 */
function scaleOf(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group]! & 63
  return (bytes[at + group + 4]! & 15) | ((bytes[at + group - 4]! >> 6) << 4)
}

/** The 6-bit minimum of a group, in the same 12 bytes. */
function minimumOf(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group + 4]! & 63
  return (bytes[at + group + 4]! >> 4) | ((bytes[at + group]! >> 6) << 4)
}
