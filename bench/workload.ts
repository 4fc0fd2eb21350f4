/** The models and batches for measuring engines. Batches are as long as the lab's own, of random tokens. */

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECTIONS } from '../main/config/choices.ts'
import { loadCheckpoint, saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { writeSafetensorsStream } from '../main/engine/checkpoint/safetensors.ts'
import type { LoraConfig, ModelConfig } from '../main/engine/engine.ts'
import { FAMILIES, qwen2 } from '../main/engine/families.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomStream } from '../main/engine/random-stream.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { PROJECT_ROOT } from '../main/files/paths.ts'
import type { Sequence } from '../main/training/forest.ts'
import type { TokenPair } from '../main/training/preference.ts'
import { randomModel } from '../testing/random-model.ts'

/** The default adapter of config.yaml. */
export const LORA: LoraConfig = { r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: PROJECTIONS }

const SHIPPED = qwen2({
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
})

const WIDER = qwen2({
  ...SHIPPED,
  vocab_size: 2048,
  hidden_size: 256,
  intermediate_size: 1024,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
})

export interface BenchModel {
  /** The name to select it by. */
  readonly key: string
  readonly title: string
  readonly config: ModelConfig
  /** A large model: all weights are not trained, because nobody does that on a processor. */
  readonly large: boolean
  /** Whether TensorFlow.js takes part. It does with one model, to show what the native engine gains. */
  readonly tfjs: boolean
  /** Writes the model into an empty folder, as a checkpoint for the lab and transformers. */
  write(folder: string): Promise<void>
}

/** The shipped model (random weights if there is none), one with wider layers, and Qwen2-0.5B's shape with random weights. */
export function benchModels(): readonly BenchModel[] {
  const base = join(PROJECT_ROOT, 'models/base')
  return [
    existsSync(join(base, 'config.json')) ? shipped(base) : random('shipped', 'the shipped shape', SHIPPED),
    random('4x256', '4 layers of 256', WIDER),
    large('Qwen2-0.5B'),
  ]
}

function shipped(base: string): BenchModel {
  return {
    key: 'shipped',
    title: 'the shipped model',
    config: SHIPPED,
    large: false,
    tfjs: true,
    write: async (folder) => {
      const { config, tensors } = await loadCheckpoint(base)
      await saveCheckpoint(folder, config, tensors)
    },
  }
}

function random(key: string, title: string, config: ModelConfig): BenchModel {
  return {
    key,
    title,
    config,
    large: false,
    tfjs: key === 'shipped',
    write: (folder) => saveCheckpoint(folder, config, randomModel(config, 1)),
  }
}

/** A published shape with random weights in bf16. */
function large(name: string): BenchModel {
  const config = publishedShape(name)
  if (config === undefined) throw new Error(`${name} is no published size`)
  return {
    key: name.toLowerCase(),
    title: `${name}'s shape`,
    config,
    large: true,
    tfjs: false,
    write: async (folder) => {
      await mkdir(folder, { recursive: true })
      const written = { architectures: [FAMILIES[config.model_type].architecture], hidden_act: 'silu', ...config }
      await writeFile(join(folder, 'config.json'), JSON.stringify(written))
      const stream = randomStream(config, 1)
      const declared = [...checkpointShapes(config)].map(
        ([tensor, shape]) => ({ name: tensor, dtype: 'BF16', shape }) as const,
      )
      async function* bytes() {
        for (const { name: tensor } of declared) {
          for await (const piece of stream.pieces(tensor))
            yield piece.dtype === 'BF16' ? piece.bytes : halved(piece.bytes)
        }
      }
      await writeSafetensorsStream(join(folder, 'model.safetensors'), declared, bytes())
    },
  }
}

/** Converts float32 numbers that need no rounding to bf16. */
function halved(bytes: Uint8Array): Uint8Array {
  return bytes.filter((_, at) => at % 4 >= 2)
}

export interface Workload {
  /** For SFT: each has its own prompt. */
  readonly sequences: readonly Sequence[]
  /** For DPO: chosen and rejected of a pair share their prompt. */
  readonly pairs: readonly TokenPair[]
  /** Prompts to complete. */
  readonly prompts: readonly Int32Array[]
}

/** Sequences of an SFT step, pairs of a DPO step, and the divisor of both for a large model. */
export const STEP = { sequences: 16, pairs: 8, large: 4 } as const

/** The batch for measuring a step of the model. */
export function stepBatch({ config, large }: BenchModel): Pick<Workload, 'sequences' | 'pairs'> {
  const share = large ? STEP.large : 1
  return workload(config.vocab_size, STEP.sequences / share, STEP.pairs / share, 0)
}

/** Prompts of a MiniWoB page (120 to 300 tokens) with its task (40), completions of 14 to 26 tokens. */
export function workload(vocabulary: number, sequences: number, pairs: number, prompts: number, seed = 7): Workload {
  const uniform = uniformStream(seed)
  const whole = (from: number, to: number) => from + Math.floor(uniform() * (to - from + 1))
  const tokens = (length: number) => Int32Array.from({ length }, () => whole(0, vocabulary - 1))
  const prompt = () => tokens(whole(160, 340))
  const completion = () => tokens(whole(14, 26))
  return {
    sequences: Array.from({ length: sequences }, () => ({ prompt: prompt(), completion: completion() })),
    pairs: Array.from({ length: pairs }, () => ({ prompt: prompt(), chosen: completion(), rejected: completion() })),
    prompts: Array.from({ length: prompts }, prompt),
  }
}

/** Chosen and rejected of each pair, one after the other, each with the prompt. */
export function pairSequences(pairs: readonly TokenPair[]): Sequence[] {
  return pairs.flatMap(({ prompt, chosen, rejected }) => [
    { prompt, completion: chosen },
    { prompt, completion: rejected },
  ])
}

/** Tokens of the sequences; a prompt counts as often as it occurs. */
export function sequenceTokens(sequences: readonly Sequence[]): number {
  return sequences.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0)
}
