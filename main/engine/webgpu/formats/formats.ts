/** The formats of a model's matrices, by the names of the configuration. */
import type { Precision } from '../../../config/choices.ts'
import { F32, type WeightFormat } from '../matrix.ts'
import { BF16 } from './halves.ts'
import { INT8 } from './int8.ts'
import { NF4 } from './nf4.ts'

export const FORMATS: Readonly<Record<Precision, WeightFormat>> = { fp32: F32, bf16: BF16, int8: INT8, nf4: NF4 }
