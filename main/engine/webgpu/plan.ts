/**
 * What a training step takes on a card, without one: the model, the adapters and the step are placed and recorded by the code
 * that computes them.
 */
import type { Forest, LoraConfig, ModelConfig } from '../engine.ts'
import { outline } from '../forest.ts'
import { planAdapter } from './adapters.ts'
import { Arena } from './arena.ts'
import { type Formats, planBase } from './base.ts'
import { batchOf } from './batch.ts'
import { attentionTile } from './kernels/attention.ts'
import { aligned, type Memory } from './memory.ts'
import { dispatches } from './program.ts'
import { type Keeping, recordStep } from './step.ts'
import { planAdapterTraining } from './training.ts'

export interface PlanOptions {
  readonly formats: Formats
  /** The trained adapter. */
  readonly lora: LoraConfig
  /** Frozen adapters of the same shape beside it: the reference of DPO; default 0. */
  readonly references?: number
  readonly keeping: Keeping
  /** What a device allows: bytes of a buffer (default 1 GiB), and of workgroup memory (default 32 KiB). */
  readonly bufferBytes?: number
  readonly workgroupMemory?: number
}

export interface StepPlan {
  /** Bytes of the base model, of all adapters, and of the trained one's gradients and moments. */
  readonly weights: number
  readonly adapters: number
  readonly training: number
  /** Bytes of the arena: what the step computes. */
  readonly arena: number
  readonly total: number
  /** Dispatches of the whole step without the optimiser's two, by kernel. */
  readonly dispatches: ReadonlyMap<string, number>
}

/** Plans the step over all trees of a forest at once. Throws as `outline` does. */
export function planStep(config: ModelConfig, forest: Forest, options: PlanOptions): StepPlan {
  const { bufferBytes = 2 ** 30, workgroupMemory = 32_768 } = options
  const base = planBase(config, options.formats, bufferBytes)
  const adapter = planAdapter(config, 'trained', options.lora)
  const trained = planAdapterTraining(adapter)
  const outlined = outline(forest, config)
  const tile = attentionTile(config.head_dim, workgroupMemory)
  const batch = batchOf(forest, outlined, outlined.trees.flat(), tile)
  const arena = new Arena(bufferBytes)
  const seed = options.lora.lora_dropout > 0 ? 0 : undefined
  const step = recordStep({ config, base, workgroupMemory }, arena, batch, trained, options.keeping, seed)

  const bytes = (memories: readonly Memory[]) => memories.reduce((sum, memory) => sum + aligned(memory.bytes), 0)
  const weights = bytes(base.memories)
  const adapters = bytes([adapter.weights]) * (1 + (options.references ?? 0))
  const training = bytes([trained.gradients, trained.exp_avg, trained.exp_avg_sq])
  return {
    weights,
    adapters,
    training,
    arena: arena.bytes,
    total: weights + adapters + training + arena.bytes,
    dispatches: dispatches([...step.forward.items, ...step.backward]),
  }
}

/** A pair of DPO: two answers of the same length below one prompt. */
export function pairOf(prompt: number, answer: number): Forest {
  return [
    { tokens: new Int32Array(prompt), parent: -1, targetStart: prompt },
    { tokens: new Int32Array(answer), parent: 0, targetStart: 0 },
    { tokens: new Int32Array(answer), parent: 0, targetStart: 0 },
  ]
}
