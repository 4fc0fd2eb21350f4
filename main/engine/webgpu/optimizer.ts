/** AdamW on the card (Loshchilov & Hutter 2019, arXiv:1711.05101), with clipping by the host's sum of squares. */
import { UserError } from '../../messages/error.ts'
import { clippingFactor } from '../adamw.ts'
import type { AdamW } from '../engine.ts'
import type { Arena } from './arena.ts'
import type { Gpu } from './device.ts'
import { adamW, PARTIAL_SUMS, squareSums, UPDATED } from './kernels/adamw.ts'
import { part, whole } from './memory.ts'
import { Program } from './program.ts'
import type { TrainedMemory } from './training.ts'

/**
 * Clips, takes the step number `step` (from 1), and clears the gradients. Returns the norm before clipping. Throws UserError if
 * it is not finite; then no step was taken, and the gradients are cleared all the same.
 */
export async function stepAdamW(
  gpu: Gpu,
  arena: Arena,
  memories: readonly TrainedMemory[],
  step: number,
  options: AdamW,
): Promise<number> {
  arena.reset()
  const program = new Program(arena)
  const partial = program.allocate(PARTIAL_SUMS * memories.length)
  const parts = memories.map(({ weights: { bytes } }) => {
    const groups = Math.ceil(bytes / 4 / UPDATED)
    return { count: bytes / 4, groups, sums: Math.min(groups, PARTIAL_SUMS) }
  })
  memories.forEach(({ gradients }, index) => {
    const { count, sums } = parts[index]!
    const own = part(partial, 4 * PARTIAL_SUMS * index, 4 * PARTIAL_SUMS)
    program.run(squareSums, { gradients: whole(gradients), partial: own }, { count }, sums)
  })
  await gpu.fit(arena)
  await gpu.run(program.cut())
  const [bytes] = await gpu.read(partial)
  let squares = 0
  parts.forEach(({ sums }, index) => {
    for (const square of new Float32Array(bytes!, 4 * PARTIAL_SUMS * index, sums)) squares += square
  })
  const grad_norm = Math.sqrt(squares)
  if (!Number.isFinite(grad_norm)) {
    for (const { gradients } of memories) program.clear(whole(gradients))
    await gpu.run(program.cut())
    throw new UserError('gradientNotFinite')
  }
  const { learning_rate, adam_beta1, adam_beta2, adam_epsilon, weight_decay, max_grad_norm } = options
  memories.forEach(({ weights, gradients, exp_avg, exp_avg_sq, decayed }, index) => {
    const { count, groups } = parts[index]!
    program.run(
      adamW,
      {
        weights: whole(weights),
        gradients: whole(gradients),
        exp_avg: whole(exp_avg),
        exp_avg_sq: whole(exp_avg_sq),
      },
      {
        count,
        factor: clippingFactor(grad_norm, max_grad_norm),
        keep: decayed ? 1 - learning_rate * weight_decay : 1,
        rate: learning_rate / (1 - adam_beta1 ** step),
        root: Math.sqrt(1 - adam_beta2 ** step),
        beta1: adam_beta1,
        beta2: adam_beta2,
        rest1: 1 - adam_beta1,
        rest2: 1 - adam_beta2,
        epsilon: adam_epsilon,
      },
      groups,
    )
  })
  await gpu.run(program.cut())
  await gpu.done()
  return grad_norm
}
