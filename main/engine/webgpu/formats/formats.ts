/** The formats of a model's matrices, by the names of the configuration. */
import type { HeadPrecision, Precision } from '../../../config/choices.ts'
import type { Formats } from '../base.ts'
import { F32, type WeightFormat } from '../matrix.ts'
import { BF16, F16 } from './halves.ts'
import { INT8 } from './int8.ts'
import { NF4 } from './nf4.ts'

export const FORMATS: Readonly<Record<Precision, WeightFormat>> = {
  fp32: F32,
  bf16: BF16,
  fp16: F16,
  int8: INT8,
  nf4: NF4,
}

/** The formats of layers, and of embedding and head. */
export function formatsOf(held: { readonly precision: Precision; readonly headPrecision: HeadPrecision }): Formats {
  const { precision, headPrecision } = held
  return { layers: FORMATS[precision], outer: precision === 'fp32' ? F32 : FORMATS[headPrecision] }
}
