/**
 * The numbers of GGUF, llama.cpp's file format for models (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md):
 * types of values, and types of tensors with their blocks.
 */

/** "GGUF", little-endian. */
export const MAGIC = 0x46554747
/** The version that writers write now. Version 2 has the same form; version 1 had shorter lengths. */
export const VERSION = 3
/** A tensor's place among the tensors is a multiple of this many bytes, unless general.alignment says otherwise. */
export const ALIGNMENT = 32

/** Codes of the types of metadata's values. */
export const VALUE = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const

/** Codes of the types of tensors (ggml_type) that this lab reads, with numbers and bytes a block. Rows are whole blocks. */
export const TENSOR = {
  F32: { code: 0, numbers: 1, bytes: 4 },
  F16: { code: 1, numbers: 1, bytes: 2 },
  Q4_0: { code: 2, numbers: 32, bytes: 18 },
  Q4_1: { code: 3, numbers: 32, bytes: 20 },
  Q5_0: { code: 6, numbers: 32, bytes: 22 },
  Q5_1: { code: 7, numbers: 32, bytes: 24 },
  Q8_0: { code: 8, numbers: 32, bytes: 34 },
  Q2_K: { code: 10, numbers: 256, bytes: 84 },
  Q3_K: { code: 11, numbers: 256, bytes: 110 },
  Q4_K: { code: 12, numbers: 256, bytes: 144 },
  Q5_K: { code: 13, numbers: 256, bytes: 176 },
  Q6_K: { code: 14, numbers: 256, bytes: 210 },
  BF16: { code: 30, numbers: 1, bytes: 2 },
} as const

export type GgufType = keyof typeof TENSOR

export const GGUF_TYPES = Object.keys(TENSOR) as GgufType[]

/** Names of the types that this lab does not read, by code. */
export const UNREAD: Readonly<Record<number, string>> = {
  4: 'Q4_2',
  5: 'Q4_3',
  9: 'Q8_1',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  31: 'Q4_0_4_4',
  32: 'Q4_0_4_8',
  33: 'Q4_0_8_8',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
  40: 'NVFP4',
  41: 'Q1_0',
}

/** Codes of the kinds of tokens in tokenizer.ggml.token_type (llama_token_type). */
export const TOKEN = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

/** Bytes of so many numbers, which are whole blocks. */
export function bytesOf(type: GgufType, numbers: number): number {
  const block = TENSOR[type]
  return (numbers / block.numbers) * block.bytes
}
