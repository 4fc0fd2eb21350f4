/** The models and batches that the engines are measured on: as long as the lab's own, of random tokens. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../main/config/paths.ts'
import { type Checkpoint, loadCheckpoint } from '../main/engine/checkpoint.ts'
import type { LoraConfig, Qwen2Config } from '../main/engine/engine.ts'
import { PROJECTIONS } from '../main/engine/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomModel } from '../main/engine/random-model.ts'
import type { Sequence } from '../main/training/forest.ts'
import type { TokenPair } from '../main/training/preference.ts'

/** The adapter that config.yaml asks for by default. */
export const LORA: LoraConfig = { r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: PROJECTIONS }

const SHIPPED: Qwen2Config = {
  vocab_size: 1024,
  hidden_size: 192,
  intermediate_size: 512,
  num_hidden_layers: 6,
  num_attention_heads: 6,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 4096,
  tie_word_embeddings: true,
}

const WIDER: Qwen2Config = {
  ...SHIPPED,
  vocab_size: 2048,
  hidden_size: 256,
  intermediate_size: 1024,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
}

/** The shipped model (of random weights until there is one) and one with wider layers, by name. */
export async function benchModels(): Promise<ReadonlyMap<string, Checkpoint>> {
  const folder = join(PROJECT_ROOT, 'models/base')
  const base = existsSync(join(folder, 'config.json')) ? await loadCheckpoint(folder) : random(SHIPPED)
  return new Map([base, random(WIDER)].map((model) => [title(model), model]))
}

function random(config: Qwen2Config): Checkpoint {
  return { config, tensors: randomModel(config, 1) }
}

function title({ config, tensors }: Checkpoint): string {
  const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)
  return `${(parameters / 1e6).toFixed(1)}M (${config.num_hidden_layers} x ${config.hidden_size})`
}

export interface Workload {
  /** SFT: each with a prompt of its own. */
  readonly sequences: readonly Sequence[]
  /** DPO: chosen and rejected of a pair share its prompt. */
  readonly pairs: readonly TokenPair[]
}

/** Prompts of a MiniWoB page (120 to 300 tokens) with its task (40), completions of 14 to 26 tokens. */
export function workload(vocabulary: number, sequences: number, pairs: number, seed = 7): Workload {
  const uniform = uniformStream(seed)
  const whole = (from: number, to: number) => from + Math.floor(uniform() * (to - from + 1))
  const tokens = (length: number) => Int32Array.from({ length }, () => whole(0, vocabulary - 1))
  const prompt = () => tokens(whole(160, 340))
  const completion = () => tokens(whole(14, 26))
  return {
    sequences: Array.from({ length: sequences }, () => ({ prompt: prompt(), completion: completion() })),
    pairs: Array.from({ length: pairs }, () => ({ prompt: prompt(), chosen: completion(), rejected: completion() })),
  }
}

/** Chosen and rejected of each pair, one after the other, each with the prompt. */
export function pairSequences(pairs: readonly TokenPair[]): Sequence[] {
  return pairs.flatMap(({ prompt, chosen, rejected }) => [
    { prompt, completion: chosen },
    { prompt, completion: rejected },
  ])
}

/** Tokens that the sequences hold, a prompt counted as often as it stands there. */
export function sequenceTokens(sequences: readonly Sequence[]): number {
  return sequences.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0)
}
