/** Whether a model fits an engine on TensorFlow.js, which holds every weight in float32. */
import type { EngineKind, Qwen2Config } from '../engine/engine.ts'
import { checkpointShapes, countNumbers } from '../engine/weights.ts'
import { UserError } from '../messages/error.ts'
import { type Card, findCard } from './card.ts'
import { gb } from './gigabytes.ts'

/**
 * Looks, before weights are read, whether this machine can hold them: what a model is loaded with as `checkRoom`. The
 * native engine holds them in less where it must, so it is never refused.
 * @throws UserError that says how much they take.
 */
export async function checkRoom(config: Qwen2Config, kind: EngineKind): Promise<void> {
  if (kind === 'native') return
  checkFloat32Fits(config, kind, process.availableMemory(), kind === 'tfjs-node-gpu' ? await findCard() : null)
}

/**
 * Refuses a model whose weights alone are more than there is to hold them on TensorFlow.js, in the `free` bytes of this
 * machine's memory, through which they go in any case, and of the card where there is one.
 * @throws UserError that says how much they take.
 */
export function checkFloat32Fits(config: Qwen2Config, kind: EngineKind, free: number, card: Card | null): void {
  const weights = 4 * countNumbers(checkpointShapes(config))
  const needed = gb(weights)
  if (weights > free) {
    throw new UserError('fp32OverMemory', { engine: kind, needed, free: gb(free) })
  }
  if (card !== null && weights > card.memory) {
    throw new UserError('fp32OverCard', { engine: kind, needed, card: card.name, size: gb(card.memory) })
  }
}
