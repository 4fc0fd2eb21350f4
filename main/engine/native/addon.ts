/** Types for the addon that `npm run build:native` builds from native/. Its calls must not overlap; engine.ts queues them. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { HeadPrecision } from '../../config/choices.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { reasonOf } from '../../messages/reason.ts'
import type { Dtype } from '../checkpoint/dtype.ts'
import type { AdamW, AdapterName, Constraint, ModelConfig, Sampling } from '../engine.ts'

/** Tensors by name, without shapes. */
export type FlatTensors = Record<string, Float32Array<ArrayBuffer>>

/** A forest with the tokens of all segments in one array. */
export interface FlatForest {
  readonly tokens: Int32Array
  readonly lengths: Int32Array
  readonly parents: Int32Array
  readonly targetStarts: Int32Array
}

/** Scores in the precision of the computation. */
export interface WideScores {
  readonly logprobs: Float64Array
  readonly entropies: Float64Array
  readonly hits: Uint8Array
  readonly starts: Int32Array
  readonly counts: Int32Array
}

/** The display name of each table of kernels, by its name in native/. */
export const KERNELS = {
  portable: message('kernelsPortable'),
  'portable-fp64': message('kernelsPortable64'),
  avx2: message('kernelsAvx2'),
  avx512: message('kernelsAvx512'),
  'avx512-bf16': message('kernelsAvx512Bf16'),
  amx: message('kernelsAmx'),
  'avx512-bf16-amx-slower': message('kernelsAmxSlower'),
  'avx512-bf16-amx-wrong': message('kernelsAmxWrong'),
} as const
export type KernelsName = keyof typeof KERNELS

export interface OpenOptions {
  /** 0 means one a core. */
  readonly threads: number
  /** '' means the best that the processor has; 'avx-vnni' is 'avx2' with other products of int8. */
  readonly instructions: '' | 'portable' | 'avx2' | 'avx-vnni' | 'avx512' | 'amx'
  /**
   * Of the base model's matrices. 'float32' can be trained; 'bf16', 'int8' and 'nf4' are frozen. 'float64' is for tests with finite
   * differences.
   */
  readonly precision: 'float32' | 'float64' | 'bf16' | 'int8' | 'nf4'
  /**
   * With 'bf16', matrix products round their operands to bf16 and sum in float32, if the processor has instructions for it:
   * 'avx512' uses AVX512-BF16, 'amx' uses AMX, '' the faster of these. Otherwise, and with 'fp32', products are exact to
   * float32.
   */
  readonly products: 'fp32' | 'bf16'
  /** Of embedding and head, if the matrices are frozen. */
  readonly headPrecision: HeadPrecision
  /** Bytes of activations that backward may keep, layer by layer. It recomputes what is beyond. */
  readonly keptBytes: number
  /** The approximate limit on bytes of keys and values of prompts and completions, and of hidden states in training. */
  readonly cacheBytes: number
}

/** A tokenizer's vocabulary in the addon. */
export type NativeVocabulary = object

/** A constraint in the addon. */
export interface NativeConstraint {
  /** The fewest tokens of a completion, with its stop token. */
  readonly shortest: number
}

/** One completion to generate. */
export interface CompletionRequest extends Omit<Sampling, 'seeds' | 'constraints'> {
  /** Chosen by the caller. */
  readonly id: number
  readonly prompt: Int32Array
  readonly seed: number
  readonly constraint: NativeConstraint | null
  /** Whether its tokens are delivered one by one. */
  readonly streams: boolean
}

/** The progress of a request since its last news. */
export interface News {
  readonly id: number
  readonly tokens: Int32Array
  readonly logprobs: Float32Array
  readonly done: boolean
  /** Whether a stop token ended it. */
  readonly stopped: boolean
}

/** A generation takes its requests from here, before it begins and while it goes on. */
export interface Inbox {
  /** Returns false if the generation has ended and will not read the request. */
  submit(request: CompletionRequest): boolean
  /** Stops the request; no more news of it follows. */
  cancel(id: number): void
}

/** The adapted modules, each with its own rank and scale. */
export interface FlatLora {
  readonly lora_dropout: number
  readonly modules: readonly { readonly name: string; readonly r: number; readonly scale: number }[]
}

export interface NativeEngine {
  /** Makes the engine, without weights. Resolves to its instruction set and threads. */
  open(config: ModelConfig, options: OpenOptions): Promise<{ kernels: KernelsName; threads: number }>
  /** Writes numbers of a base tensor from `offset` on, in the pieces of tensor-stream.ts. */
  fill(name: string, offset: number, dtype: Dtype, bytes: Uint8Array): Promise<void>
  /** Call after all tensors are filled. */
  ready(): Promise<void>
  /** The stored sections of a frozen matrix, with their lengths in bytes; none if it is not frozen. */
  sections(name: string): Promise<{ name: string; bytes: number }[]>
  /** Copies bytes of the section with that index, from `offset` on, filling `into`. */
  readSection(name: string, section: number, offset: number, into: Uint8Array): Promise<void>
  /** Copies all of `from` into the section. */
  writeSection(name: string, section: number, offset: number, from: Uint8Array): Promise<void>
  /** Call after all sections are written, instead of fill(). */
  sectionsRead(name: string): Promise<void>
  addAdapter(name: string, lora: FlatLora, tensors: FlatTensors): Promise<void>
  removeAdapter(name: string): Promise<void>
  weights(adapter: AdapterName): Promise<FlatTensors>
  train(target: AdapterName): Promise<void>
  logprobs(forest: FlatForest, adapter: AdapterName): Promise<WideScores>
  forward(forest: FlatForest, dropoutSeed: number | undefined): Promise<WideScores>
  backward(dLogprobs: Float32Array): Promise<void>
  gradients(): Promise<FlatTensors>
  step(adamW: AdamW): Promise<number>
  optimizerState(): Promise<{ step: number; exp_avg: FlatTensors; exp_avg_sq: FlatTensors }>
  setOptimizerState(step: number, expAvg: FlatTensors, expAvgSq: FlatTensors): Promise<void>
  /** Completes the inbox's requests, and those that come meanwhile, until none is left. The last news may follow the end. */
  generate(inbox: Inbox, adapter: AdapterName, listener: (news: readonly News[]) => void): Promise<void>
  /** Ends the `logprobs`, `forward`, `backward` or `generate` at work: it rejects with the code INTERRUPTED. */
  interrupt(): void
  close(): Promise<void>
}

/**
 * The codes of the addon's errors: a tensor holds NaN or infinity, the gradient does, logits do, or the call was
 * interrupted.
 */
export type AddonCode = 'NOT_FINITE' | 'GRADIENT_NOT_FINITE' | 'LOGITS_NOT_FINITE' | 'INTERRUPTED'

/** Whether an error of the addon has this code. */
export function hasCode(error: unknown, code: AddonCode): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** The version of what is declared here. native/addon.cc has the same. */
const INTERFACE = 4

export interface Addon {
  readonly interface: typeof INTERFACE
  readonly NativeEngine: new () => NativeEngine
  /** Whether this processor has instructions for products in bf16. */
  readonly bf16Products: boolean
  readonly Inbox: new () => Inbox
  readonly Vocabulary: new (bytes: Uint8Array, offsets: Int32Array) => NativeVocabulary
  readonly Constraint: new (vocabulary: NativeVocabulary, automaton: Omit<Constraint, 'vocabulary'>) => NativeConstraint
}

const ADDON = fileURLToPath(new URL('../../../native/build/dpo_driver.node', import.meta.url))

/** Loads the addon. Throws UserError if it was not built, was built from other sources, or does not load. */
export function loadAddon(file: string = ADDON): Addon {
  if (!existsSync(file)) {
    throw new UserError('nativeNotBuilt', { file })
  }
  let addon: Partial<Addon>
  try {
    addon = createRequire(import.meta.url)(file) as Partial<Addon>
  } catch (error) {
    throw new UserError('nativeDoesNotLoad', { reason: reasonOf(error) })
  }
  if (addon.interface !== INTERFACE) throw new UserError('nativeOutdated', { file })
  return addon as Addon
}

/** Whether `npm run build:native` has made the addon. */
export function isBuilt(): boolean {
  return existsSync(ADDON)
}
