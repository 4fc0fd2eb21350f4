/** Checks whether a model fits an engine that holds every weight in float32: TensorFlow.js. */

import type { EngineKind, ModelConfig } from '../engine/engine.ts'
import { type Card, findCard } from '../engine/host/card.ts'
import { memoryHere } from '../engine/machine.ts'
import { checkpointShapes, countNumbers } from '../engine/weights.ts'
import { UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'

/**
 * Checks, before weights are read, that this machine can hold them; pass it to `AgentModel.load` as `checkRoom`. The
 * engines native and webgpu can hold them in 4 bits, so it never refuses these.
 * @throws UserError that says how much memory they take.
 */
export async function checkRoom(config: ModelConfig, kind: EngineKind): Promise<void> {
  if (kind === 'native' || kind === 'webgpu') return
  checkFloat32Fits(config, kind, memoryHere().available, kind === 'tfjs-node-gpu' ? await findCard() : null)
}

/**
 * Refuses a model whose weights are larger than the `free` bytes of memory, or than the memory of the card. Weights pass
 * through the machine's memory even if a card computes.
 * @throws UserError that says how much memory they take.
 */
export function checkFloat32Fits(config: ModelConfig, kind: EngineKind, free: number, card: Card | null): void {
  const weights = 4 * countNumbers(checkpointShapes(config))
  const needed = gb(weights)
  if (weights > free) {
    throw new UserError('fp32OverMemory', { engine: kind, needed, free: gb(free) })
  }
  if (card !== null && weights > card.memory) {
    throw new UserError('fp32OverCard', { engine: kind, needed, card: card.name, size: gb(card.memory) })
  }
}
