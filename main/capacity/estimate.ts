/** Estimates the peak memory of a run, by part, before it begins. */
import type { Holding, ModelConfig } from '../engine/engine.ts'
import { FAMILIES } from '../engine/families.ts'
import { weightBytes } from '../engine/holding.ts'
import { CACHE_BYTES } from '../engine/native/engine.ts'
import {
  adapterShapes,
  checkpointShapes,
  type LoraTargets,
  layerRank,
  lowestLayer,
  projectionShape,
  type Shapes,
} from '../engine/weights.ts'

export interface MemoryQuestion extends Holding {
  readonly config: ModelConfig
  /** The adapter that is trained; null trains all base weights. */
  readonly lora: LoraTargets | null
  /** Further adapters of the same form: the frozen reference. */
  readonly frozenAdapters: number
  /** Tokens of the largest batch, which has every prompt once and all completions. */
  readonly tokens: number
  /** Those of completions, for which logits are computed. */
  readonly targets: number
  /** Tokens of the longest prompt and completion together. */
  readonly context: number
}

/** Bytes. */
export interface MemoryEstimate {
  /** The base model. */
  readonly weights: number
  /** The adapters' own numbers, and their packed copies. */
  readonly adapter: number
  /** Gradients, and AdamW's two moments. */
  readonly optimizer: number
  /** What backward needs of the layers, and its working memory; beside frozen layers, the hidden states that stay from pass to pass. */
  readonly activations: number
  readonly logits: number
  /** Node and the lab around the engine. */
  readonly process: number
  readonly total: number
  /** Copies of the adapter and its moments while a checkpoint is saved; not in the total. */
  readonly saving: number
}

const FLOAT = 4
/** Node with the lab's libraries, and the pieces in which weights are streamed. */
const PROCESS = 140e6
/** Rows of a block that goes through a layer on one thread, by whether the packs of its weights are kept. */
const BLOCK_ROWS = { kept: 96, passing: 384 } as const
const HEAD_ROWS = 48
/** Rows and columns of logits that a thread holds at a time of a frozen head, and pieces of the vocabulary for each thread. */
const FROZEN_HEAD = { rows: 384, columns: 512, piecesAThread: 4 } as const

/** The peak of one training step of the native engine: reference, policy, backward and AdamW. */
export function estimateMemory(question: MemoryQuestion): MemoryEstimate {
  const weights = weightBytes(question.config, question)
  const { adapter, optimizer } = trainedBytes(question)
  const activations = activationBytes(question)
  const logits = logitBytes(question)
  const total = weights + adapter + optimizer + activations + logits + PROCESS
  // Copies of weights and two moments: as many numbers as gradients and two moments.
  return { weights, adapter, optimizer, activations, logits, process: PROCESS, total, saving: optimizer }
}

function trainedBytes({ config, precision, packedBytes, lora, frozenAdapters }: MemoryQuestion) {
  const numbers = total(lora === null ? checkpointShapes(config) : adapterShapes(config, lora))
  const optimizer = 3 * FLOAT * numbers
  if (lora === null) return { adapter: 0, optimizer }
  // Beside frozen matrices, adapters are packed only while they are used.
  const packed = precision === 'fp32' ? packedBytes : 0
  return { adapter: numbers * (FLOAT + 2 * packed + frozenAdapters * (FLOAT + packed)), optimizer }
}

function activationBytes({
  config,
  precision,
  lora,
  tokens,
  targets,
  gradientCheckpointing,
  keptBytes = 0,
  threads,
  context,
}: MemoryQuestion): number {
  const { hidden_size: hidden, intermediate_size: wide, num_hidden_layers: layers, num_attention_heads: heads } = config
  const { q, qkv, norms } = attentionWidths(config)
  const ranks = lora === null ? 0 : layerRank(config, lora)
  // Backward needs nothing of the layers below the lowest trained one. What these make of tokens stays from pass to pass.
  const below = lora === null ? 0 : lowestLayer(config, lora)
  const trained = layers - below
  const stays = below > 0 ? CACHE_BYTES : 0
  // A layer has: attended, mid, gate and up, q k v, the norms' and softmax's statistics, the adapter's low-rank rows.
  const layer = q + hidden + 2 * wide + qkv + heads + 2 + ranks
  const room = gradientCheckpointing ? Math.floor(keptBytes / (FLOAT * tokens * layer)) : trained
  // Layers whose activations are not kept share the memory of one.
  const kept = trained * hidden + Math.min(Math.min(room, trained) + 1, layers) * layer
  // After the last layer's attention only rows that predict a target go on.
  const left = room === 0 ? 0 : (tokens - targets) * (hidden + 2 * wide)
  // Backward's arrays, for one layer at a time. It also reuses arrays of the layer that it no longer needs. Beside q and k as
  // they were before their norms, it has those of one layer after them.
  const backward = 3 * hidden + q + wide + qkv + ranks + (norms > 0 ? qkv + norms : 0)
  const block = blockRows({ precision, tokens, threads }) * (wide + Math.max(hidden, q))
  const rotary = context * config.head_dim
  return FLOAT * (tokens * (kept + backward) - left + threads * block + rotary) + stays
}

/** Widths of q, which is also that of what attention returns, and of q, k and v together; heads whose norm is kept. */
function attentionWidths(config: ModelConfig): { readonly q: number; readonly qkv: number; readonly norms: number } {
  const [q, k] = [projectionShape(config, 'q_proj')[0], projectionShape(config, 'k_proj')[0]]
  return { q, qkv: q + 2 * k, norms: FAMILIES[config.model_type].qk_norm ? (q + k) / config.head_dim : 0 }
}

/** Rows that a thread takes through a layer together. */
function blockRows({ precision, tokens, threads }: Pick<MemoryQuestion, 'precision' | 'tokens' | 'threads'>): number {
  return Math.min(BLOCK_ROWS[precision === 'fp32' ? 'kept' : 'passing'], Math.ceil(tokens / threads))
}

/** What the head needs beyond a block of rows, whose memory its logits share. */
function logitBytes(question: MemoryQuestion): number {
  const { config, precision, lora, targets, threads } = question
  if (precision !== 'fp32') {
    // A frozen head computes a piece of the vocabulary at a time, and sums its rows for all targets of a chunk in each piece.
    const { rows, columns, piecesAThread } = FROZEN_HEAD
    const chunk = Math.min(rows, targets)
    const logits = Math.max(0, chunk * columns - blockRows(question) * config.intermediate_size)
    return FLOAT * (threads * (logits + piecesAThread * chunk * config.hidden_size) + 5 * targets * config.hidden_size)
  }
  const row = FLOAT * config.vocab_size
  const room = 4 * 2 ** 20
  const tile = 12
  const most = Math.max(Math.floor(Math.min(room / row, HEAD_ROWS) / tile), 1) * tile
  const rows = Math.min(most, Math.ceil(targets / threads / tile) * tile)
  // The head's own gradient needs the derivatives of a stretch of rows at once.
  const kept = lora === null ? Math.min(targets * row, 64 * 2 ** 20) : 0
  const block = FLOAT * blockRows(question) * config.intermediate_size
  return threads * Math.max(0, rows * row - block) + kept + 4 * FLOAT * targets * config.hidden_size
}

export interface GenerationQuestion extends Holding {
  readonly config: ModelConfig
  /** The adapter that answers; null for the base model alone. */
  readonly lora: LoraTargets | null
  /** Completions that are generated at a time. */
  readonly completions: number
  /** Tokens of the longest prompt and completion. */
  readonly prompt: number
  readonly completion: number
}

/** Bytes. */
export interface GenerationEstimate {
  /** The base model. */
  readonly weights: number
  readonly adapter: number
  /** Keys and values of running completions, and of prompts that are kept in case they come again. */
  readonly cache: number
  /** Activations of prompts that are read together. */
  readonly activations: number
  readonly logits: number
  /** Node and the lab around the engine. */
  readonly process: number
  readonly total: number
}

/** Tokens in a page of the cache, and the most tokens of prompts that are read together. */
const PAGE_TOKENS = 32
const PROMPT_ROWS = 1024

/**
 * The peak of generating with the native engine, in collecting and evaluating, when the cache is full. Training clears the
 * cache before it begins, so the two peaks do not add up.
 */
export function estimateGeneration(question: GenerationQuestion): GenerationEstimate {
  const { config, packedBytes, lora, completions, prompt, completion } = question
  const weights = weightBytes(config, question)
  const numbers = lora === null ? 0 : total(adapterShapes(config, lora))
  // The adapter's packs are kept while it generates.
  const adapter = numbers * (FLOAT + packedBytes)
  const keys = 2 * projectionShape(config, 'k_proj')[0]
  // Keys and values are in bf16 if products are.
  const page = packedBytes * config.num_hidden_layers * keys * PAGE_TOKENS
  const inUse = completions * Math.ceil((prompt + completion) / PAGE_TOKENS) * page
  const cache = Math.max(Math.floor(CACHE_BYTES / page) * page, inUse)
  const activations = promptBytes(question)
  const logits = FLOAT * completions * config.vocab_size
  const sum = weights + adapter + cache + activations + logits + PROCESS
  return { weights, adapter, cache, activations, logits, process: PROCESS, total: sum }
}

function promptBytes(question: GenerationQuestion): number {
  const { config, precision, lora, completions, prompt, completion, threads } = question
  const { hidden_size: hidden, intermediate_size: wide, num_attention_heads: heads } = config
  const rows = Math.min(completions * prompt, PROMPT_ROWS)
  const { q, qkv, norms } = attentionWidths(config)
  const ranks = lora === null ? 0 : layerRank(config, lora)
  // A layer's input, attended, mid, gate and up, q k v, statistics and low-rank rows.
  const row = 2 * hidden + q + 2 * wide + qkv + heads + norms + 2 + ranks
  const block = blockRows({ precision, tokens: rows, threads }) * (wide + Math.max(hidden, q))
  const rotary = (prompt + completion) * config.head_dim
  return FLOAT * (rows * row + threads * block + rotary)
}

function total(shapes: Shapes): number {
  return [...shapes.values()].reduce((sum, shape) => sum + size(shape), 0)
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1)
}
