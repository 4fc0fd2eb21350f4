/** Rounds weights to the types in which GGUF files are written. Every byte is what the `gguf` package's `quantize` makes. */
import { UserError } from '../../messages/error.ts'
import { narrow } from '../checkpoint/dtype.ts'
import { TENSOR } from './types.ts'

/** The types that can be written, by the file type that llama.cpp gives to a file whose matrices are in it (llama_ftype). */
export const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7, BF16: 32 } as const
export type WrittenType = keyof typeof FILE_TYPES

/** Room for one block of Q8_0. */
const Q8 = TENSOR.Q8_0

/**
 * The bytes of weights, in whole blocks. `name` is the tensor's, for messages.
 * @throws UserError if a weight is beyond what the type can hold.
 */
export function encode(name: string, weights: Float32Array, type: WrittenType): Uint8Array {
  const bytes = type === 'Q8_0' ? quantizeQ8(weights) : narrow(weights, type)
  if (!holdsAll(bytes, type)) throw new UserError('ggufTooLarge', { name, type })
  return bytes
}

/** Blocks of a scale in half precision and 32 int8: scale q. As ggml's quantize_row_q8_0_ref. */
function quantizeQ8(weights: Float32Array): Uint8Array {
  const blocks = weights.length / Q8.numbers
  const bytes = new Uint8Array(blocks * Q8.bytes)
  const scales = new Float16Array(1)
  const scaleBytes = new Uint8Array(scales.buffer)
  for (let block = 0; block < blocks; block++) {
    const from = block * Q8.numbers
    let most = 0
    for (let i = 0; i < Q8.numbers; i++) most = Math.max(most, Math.abs(weights[from + i]!))
    const scale = Math.fround(most / 127)
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
    const to = block * Q8.bytes
    scales[0] = scale
    bytes.set(scaleBytes, to)
    for (let i = 0; i < Q8.numbers; i++) {
      const value = Math.fround(weights[from + i]! * inverse)
      // Halves go away from zero, as in C. Math.round would take them up.
      bytes[to + 2 + i] = value < 0 ? -Math.floor(0.5 - value) : Math.floor(0.5 + value)
    }
  }
  return bytes
}

/** Whether no number became infinite. */
function holdsAll(bytes: Uint8Array, type: WrittenType): boolean {
  if (type === 'F32') return true
  const isBlock = type === 'Q8_0'
  const step = isBlock ? Q8.bytes : 2
  // The high byte of the number, or of the block's scale: all bits of the exponent, but not the lowest of bf16's.
  for (let at = 1; at < bytes.length; at += step) {
    const high = bytes[at]! & 0x7f
    if (type === 'BF16' ? high === 0x7f && (bytes[at - 1]! & 0x80) !== 0 : high >= 0x7c) return false
  }
  return true
}
