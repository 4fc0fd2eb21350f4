/** An adapter for the double-precision reference, with the dropout masks that the engines draw. */
import { dropoutMask } from '../main/engine/dropout.ts'
import type { LoraConfig, Tensors } from '../main/engine/engine.ts'
import { type ReferenceAdapter, toDoubles } from './reference-float64.ts'

/** The most inputs of a projection in the test models. */
const MAX_COLUMNS = 64

/** The adapter; without a seed nothing is dropped. */
export function referenceAdapter(lora: LoraConfig, tensors: Tensors, dropoutSeed?: number): ReferenceAdapter {
  if (dropoutSeed === undefined) return { lora, tensors: toDoubles(tensors) }
  const masks = new Map<string, Float32Array>()
  const dropout: ReferenceAdapter['dropout'] = (layer, projection, row, column) => {
    const key = `${layer} ${projection} ${row}`
    const mask =
      masks.get(key) ?? dropoutMask(lora.lora_dropout, dropoutSeed, layer, projection, Int32Array.of(row), MAX_COLUMNS)
    masks.set(key, mask)
    return mask[column]!
  }
  return { lora, tensors: toDoubles(tensors), dropout }
}
