/**
 * What a training step and a token of generation take on a card, without one: the model, the adapters and the work are placed
 * and recorded by the code that computes them.
 */
import type { Forest, Holding, LoraConfig, ModelConfig } from '../engine.ts'
import { outline } from '../forest.ts'
import { planAdapter } from './adapters.ts'
import { Arena } from './arena.ts'
import { planBase } from './base.ts'
import { batchesOf, MOST_ROWS } from './batch.ts'
import { layerCache, pagesFor } from './cache.ts'
import { recordContinuation } from './continuation.ts'
import { formatsOf } from './formats/formats.ts'
import { attentionTile } from './kernels/attention.ts'
import { aligned, type Memory, whole } from './memory.ts'
import { dispatches, type Item } from './program.ts'
import { recordScores, recordStep } from './step.ts'
import { planAdapterTraining } from './training.ts'

export interface PlanOptions {
  /** How the model is held. */
  readonly holding: Pick<Holding, 'precision' | 'headPrecision' | 'gradientCheckpointing' | 'keptBytes'>
  /** The trained adapter. */
  readonly lora: LoraConfig
  /** Frozen adapters of the same shape beside it: the reference of DPO; default 0. */
  readonly references?: number
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

/** Bytes of a buffer, and of workgroup memory, that cards allow. */
const BUFFER = 2 ** 30
const WORKGROUP = 32_768

/** Plans the step over a forest: the engine computes as many of its trees together. Throws as `outline` does. */
export function planStep(config: ModelConfig, forest: Forest, options: PlanOptions): StepPlan {
  const { bufferBytes = BUFFER, workgroupMemory = WORKGROUP, holding } = options
  const base = planBase(config, formatsOf(holding), bufferBytes)
  const adapter = planAdapter(config, 'trained', options.lora)
  const trained = planAdapterTraining(adapter)
  const outlined = outline(forest, config)
  const batches = batchesOf(forest, outlined, MOST_ROWS, attentionTile(config.head_dim, workgroupMemory))
  const model = { config, base, workgroupMemory }
  const keeping = { checkpointing: holding.gradientCheckpointing, keptBytes: holding.keptBytes ?? 0 }
  const seed = options.lora.lora_dropout > 0 ? 0 : undefined

  const arena = new Arena(bufferBytes)
  const blocks: number[] = []
  const items: Item[] = []
  for (const batch of batches) {
    if (batches.length > 1) {
      arena.reset()
      items.push(...recordScores(model, arena, batch, adapter, seed).items)
    }
    arena.reset()
    const { forward, backward } = recordStep(model, arena, batch, trained, keeping, seed)
    items.push(...forward.items, ...backward)
    // Buffers stay, and serve the next batch where they are large enough.
    arena.blocks.forEach(({ bytes }, index) => {
      blocks[index] = Math.max(blocks[index] ?? 0, bytes)
    })
  }

  const weights = bytesOf(base.memories)
  const adapters = bytesOf([adapter.weights]) * (1 + (options.references ?? 0))
  const training = bytesOf([trained.gradients, trained.exp_avg, trained.exp_avg_sq])
  const computed = blocks.reduce((sum, bytes) => sum + bytes, 0)
  return {
    weights,
    adapters,
    training,
    arena: computed,
    total: weights + adapters + training + computed,
    dispatches: dispatches(items),
  }
}

/** Bytes of a base model on the card. */
export function baseBytes(config: ModelConfig, holding: Pick<Holding, 'precision' | 'headPrecision'>): number {
  return bytesOf(planBase(config, formatsOf(holding), BUFFER).memories)
}

function bytesOf(memories: readonly Memory[]): number {
  return memories.reduce((sum, { bytes }) => sum + aligned(bytes), 0)
}

export interface DecodePlan {
  /** Bytes of keys and values, and of what a token of every completion computes. */
  readonly cache: number
  readonly arena: number
  /** Dispatches of a token of every completion, by kernel. */
  readonly dispatches: ReadonlyMap<string, number>
}

/** Plans one token each of so many completions that have `context` tokens before it, with an adapter or without. */
export function planDecode(
  config: ModelConfig,
  completions: number,
  context: number,
  options: Pick<PlanOptions, 'holding'> & { readonly lora: LoraConfig | null },
): DecodePlan {
  const { holding, lora } = options
  const base = planBase(config, formatsOf(holding), BUFFER)
  const adapter = lora === null ? null : planAdapter(config, 'adapter', lora)
  const each = pagesFor(context + 1)
  const stretches = Array.from({ length: completions }, (_, index) => ({
    tokens: [0],
    before: context,
    pages: Array.from({ length: each }, (_, page) => index * each + page),
    draws: [{ temperature: 1, top_p: 0.9, uniform: 0, choices: null }],
  }))
  const caches = base.layers.map((_, layer) => layerCache(`keys and values ${layer}`, config, completions * each))
  const arena = new Arena(BUFFER)
  const model = { config, base, workgroupMemory: WORKGROUP }
  const { items } = recordContinuation(model, arena, stretches, adapter, (layer) => whole(caches[layer]!), 'rows')
  return {
    cache: caches.reduce((sum, { bytes }) => sum + aligned(bytes), 0),
    arena: arena.bytes,
    dispatches: dispatches(items),
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
