/** Chooses how the engine on WebGPU holds a model's weights on a card. */
import type { Holding, ModelConfig } from './engine.ts'
import { type HoldingOptions, headOf, mostExact } from './holding.ts'
import type { Card } from './host/card.ts'
import { baseBytes } from './webgpu/plan.ts'

/** Bytes of a card whose memory nobody tells: those of a common one. */
const USUAL_CARD = 8e9

/**
 * Resolves 'auto' by the memory of the card, with the shares of chooseHolding. Activations are recomputed unless weights are
 * float32; those of the upper layers are kept, up to an eighth of a card whose memory is known.
 */
export function chooseCardHolding(
  config: ModelConfig,
  { precision = 'auto', headPrecision = 'auto', gradientCheckpointing = 'auto' }: HoldingOptions,
  card: Pick<Card, 'memory'> | null,
): Holding {
  const memory = card?.memory ?? USUAL_CARD
  const chosen =
    precision === 'auto'
      ? mostExact((one) => baseBytes(config, { precision: one, headPrecision: headOf(one) }), memory)
      : precision
  return {
    precision: chosen,
    headPrecision: headPrecision === 'auto' ? headOf(chosen) : headPrecision,
    gradientCheckpointing: gradientCheckpointing === 'auto' ? chosen !== 'fp32' : gradientCheckpointing,
    keptBytes: gradientCheckpointing === 'auto' && card !== null ? Math.floor(memory / 8) : 0,
    packedBytes: 4,
    threads: 1,
    ...(card === null ? {} : { cardBytes: memory }),
  }
}
