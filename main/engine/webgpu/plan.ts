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
import { CACHE_BYTES, PageCache, pagesFor } from './cache.ts'
import { mostSplit, recordContinuation, type Stretch } from './continuation.ts'
import { formatsOf } from './formats/formats.ts'
import { PROMPT_ROWS } from './generation.ts'
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
  const blocks = new Blocks()
  const items: Item[] = []
  for (const batch of batches) {
    if (batches.length > 1) {
      arena.reset()
      items.push(...recordScores(model, arena, batch, adapter, seed).items)
    }
    arena.reset()
    const { forward, backward } = recordStep(model, arena, batch, trained, keeping, seed)
    items.push(...forward.items, ...backward)
    blocks.fit(arena)
  }

  const weights = bytesOf(base.memories)
  const adapters = bytesOf([adapter.weights]) * (1 + (options.references ?? 0))
  const training = bytesOf([trained.gradients, trained.exp_avg, trained.exp_avg_sq])
  return {
    weights,
    adapters,
    training,
    arena: blocks.bytes,
    total: weights + adapters + training + blocks.bytes,
    dispatches: dispatches(items),
  }
}

/** Bytes of a base model on the card. */
export function baseBytes(config: ModelConfig, holding: Pick<Holding, 'precision' | 'headPrecision'>): number {
  return bytesOf(planBase(config, formatsOf(holding), BUFFER).memories)
}

/** The sizes of an arena's buffers. They stay, and serve what is recorded next where they are large enough. */
class Blocks {
  readonly #sizes: number[] = []

  fit({ blocks }: Arena): void {
    blocks.forEach(({ bytes }, index) => {
      this.#sizes[index] = Math.max(this.#sizes[index] ?? 0, bytes)
    })
  }

  get bytes(): number {
    return this.#sizes.reduce((sum, bytes) => sum + bytes, 0)
  }
}

function bytesOf(memories: readonly Memory[]): number {
  return memories.reduce((sum, { bytes }) => sum + aligned(bytes), 0)
}

export interface GenerationOptions extends Pick<PlanOptions, 'bufferBytes' | 'workgroupMemory'> {
  readonly holding: Pick<Holding, 'precision' | 'headPrecision'>
  /** The adapter that answers; null for the base model alone. */
  readonly lora: LoraConfig | null
}

export interface GenerationPlan {
  /** Bytes of the base model and of the adapter. */
  readonly weights: number
  readonly adapters: number
  /** Bytes of keys and values, when the cache is full. */
  readonly cache: number
  /** Bytes of the arena: what a part of a prompt or a token of every completion computes. */
  readonly arena: number
  readonly total: number
  /** Completions that run at a time: as many as there is room for in the cache, at least one. */
  readonly together: number
  /** Dispatches of a token of all these, by kernel. */
  readonly dispatches: ReadonlyMap<string, number>
}

/** Plans the generation of so many completions, each with so many tokens of prompt and completion. */
export function planGeneration(
  config: ModelConfig,
  { completions, prompt, completion }: Readonly<Record<'completions' | 'prompt' | 'completion', number>>,
  { holding, lora, bufferBytes = BUFFER, workgroupMemory = WORKGROUP }: GenerationOptions,
): GenerationPlan {
  const base = planBase(config, formatsOf(holding), bufferBytes)
  const adapter = lora === null ? null : planAdapter(config, 'adapter', lora)
  const cache = new PageCache(config, CACHE_BYTES)
  const each = pagesFor(prompt + completion)
  const together = Math.max(1, Math.min(completions, Math.floor(cache.available / each)))
  // After many prompts, the cache is full.
  for (let page = Math.max(cache.available, each); page > 0; page--) cache.take()
  const memories = cache.plan(bufferBytes)

  const arena = new Arena(bufferBytes)
  const blocks = new Blocks()
  const model = { config, base, workgroupMemory }
  const record = (stretches: readonly Stretch[], by: 'rows' | 'tiles') => {
    arena.reset()
    const { items } = recordContinuation(model, arena, stretches, adapter, (layer) => whole(memories[layer]!), by)
    blocks.fit(arena)
    return items
  }
  const stretch = (index: number, tokens: number, before: number): Stretch => ({
    tokens: new Uint32Array(tokens),
    before,
    pages: Array.from({ length: pagesFor(before + tokens) }, (_, page) => index * each + page),
    draws: [{ temperature: 1, top_p: 0.9, uniform: 0, choices: null }],
  })
  const read: Stretch[] = []
  for (let rows = 0; rows < PROMPT_ROWS && read.length < together; rows += read.at(-1)!.tokens.length) {
    const tokens = Math.min(prompt, PROMPT_ROWS - rows)
    read.push(stretch(read.length, tokens, prompt - tokens))
  }
  record(read, 'tiles')
  const last = Math.max(prompt, prompt + completion - 2)
  const tokens = (count: number) =>
    record(
      Array.from({ length: count }, (_, index) => stretch(index, 1, last)),
      'rows',
    )
  const token = tokens(together)
  // Where fewer are left, their keys may be split, and the parts take memory.
  tokens(Math.min(together, mostSplit(config)))

  const weights = bytesOf(base.memories)
  const adapters = adapter === null ? 0 : bytesOf([adapter.weights])
  const kept = bytesOf(memories)
  return {
    weights,
    adapters,
    cache: kept,
    arena: blocks.bytes,
    total: weights + adapters + kept + blocks.bytes,
    together,
    dispatches: dispatches(token),
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
