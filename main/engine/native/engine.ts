/** The Engine interface over the native addon. */

import type { HeadPrecision } from '../../config/choices.ts'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { Calls } from '../calls.ts'
import { notFinite } from '../checkpoint/check-tensors.ts'
import { streamTensors, type TensorStream } from '../checkpoint/tensor-stream.ts'
import type {
  AdamW,
  AdapterName,
  Completion,
  Constraint,
  DLoss,
  Engine,
  Forest,
  GenerateOptions,
  Holding,
  LoraConfig,
  ModelConfig,
  OptimizerState,
  Sampling,
  Scores,
  Tensor,
  Tensors,
  Vocabulary,
} from '../engine.ts'
import { checkLengths } from '../forest.ts'
import { processorsHere } from '../machine.ts'
import { noted } from '../noted.ts'
import { checkRequest, checkShortest } from '../sampling.ts'
import { adaptedModules, adapterShapes, checkpointShapes, type Shapes } from '../weights.ts'
import {
  type FlatForest,
  type FlatLora,
  type FlatTensors,
  hasCode,
  KERNELS,
  type KernelsName,
  loadAddon,
  type NativeConstraint,
  type NativeEngine,
  type NativeVocabulary,
  type OpenOptions,
  type WideScores,
} from './addon.ts'
import { readCache, type WeightCache, writeCache } from './cache.ts'
import { Generation, type Request } from './generation.ts'

/**
 * The most bytes of keys and values, unless prompts and completions in use need more; and of hidden states that training
 * keeps where layers below are frozen. Generation and training give this memory up to each other.
 */
export const CACHE_BYTES = 2 ** 29

export interface NativeOptions {
  /** Compute threads; default: one a core. */
  readonly threads?: number
  /** Instruction set; default: the best that the processor has. */
  readonly instructions?: OpenOptions['instructions']
  /** Default 'float32'; 'float64' is slow and for tests. */
  readonly precision?: OpenOptions['precision']
  /** Default 'fp32'. */
  readonly products?: OpenOptions['products']
  /** Of embedding and head if `precision` is 'bf16', 'int8' or 'nf4'; default 'bf16'. */
  readonly headPrecision?: HeadPrecision
  /** Whether backward recomputes activations instead of keeping them; default false. */
  readonly checkpointing?: boolean
  /** With `checkpointing`, the bytes of activations that are kept nevertheless, layer by layer; default 0. */
  readonly keptBytes?: number
  /** Ends the loading of weights. */
  readonly signal?: AbortSignal | undefined
  /** The cache of quantised weights on disk, used if `precision` is 'nf4'. */
  readonly cache?: WeightCache
  /**
   * The approximate limit on bytes of keys and values of prompts and completions, and of hidden states between training's
   * passes; default: CACHE_BYTES.
   */
  readonly cacheBytes?: number
  /** More text for the description. */
  readonly notes?: readonly Message[]
}

/**
 * Makes an engine that computes in C++ on this machine's processor. The base model comes from tensors in memory or from a
 * stream; the engine keeps only its own copy. Throws UserError if the addon is not built or a weight is not finite, and an
 * Error if a tensor is missing or has the wrong shape.
 */
export async function createNativeEngine(
  config: ModelConfig,
  base: Tensors | TensorStream,
  options: NativeOptions = {},
): Promise<Engine> {
  const { native, kernels, threads } = await openNative(config, options)
  try {
    const names = [...checkpointShapes(config).keys()]
    const { cache } = options
    const cached = cache !== undefined && (await readCache(native, names, cache))
    const missing = cached ? await unfrozen(native, names) : names
    if (!isStream(base)) flatten(checkpointShapes(config), base)
    await fillFrom(native, isStream(base) ? base : streamTensors(base), missing, options.signal)
    await native.ready()
    if (cache !== undefined && !cached) await writeCache(native, names, cache)
  } catch (error) {
    await native.close()
    throw error
  }
  const { precision: held = 'float32' } = options
  const precision = held === 'float32' || held === 'float64' ? 'fp32' : held
  const holding: Holding = {
    precision,
    headPrecision: options.headPrecision ?? 'bf16',
    gradientCheckpointing: options.checkpointing ?? false,
    keptBytes: options.keptBytes ?? 0,
    packedBytes: options.products === 'bf16' && loadAddon().bf16Products ? 2 : 4,
    threads,
  }
  const computes = { kernels: KERNELS[kernels], threads: message('threads', { count: threads }) }
  const description =
    precision === 'fp32'
      ? message('nativeEngine', computes)
      : message('nativeEngineFrozen', { ...computes, precision, head: holding.headPrecision })
  return new QueuedEngine(native, config, noted(description, options.notes ?? []), holding)
}

/** Those tensors that are not frozen. */
async function unfrozen(native: NativeEngine, names: readonly string[]): Promise<string[]> {
  const kept: string[] = []
  for (const name of names) if ((await native.sections(name)).length === 0) kept.push(name)
  return kept
}

/** Makes an addon's engine, without weights. */
async function openNative(
  config: ModelConfig,
  options: NativeOptions,
): Promise<{ native: NativeEngine; kernels: KernelsName; threads: number }> {
  const native = new (loadAddon().NativeEngine)()
  const opened = await native.open(config, {
    threads: options.threads ?? processorsHere(),
    instructions: options.instructions ?? '',
    precision: options.precision ?? 'float32',
    products: options.products ?? 'fp32',
    headPrecision: options.headPrecision ?? 'bf16',
    keptBytes: options.checkpointing ? (options.keptBytes ?? 0) : Number.MAX_SAFE_INTEGER,
    cacheBytes: options.cacheBytes ?? CACHE_BYTES,
  })
  return { native, ...opened }
}

/** Loads tensors into the engine, reading the next piece while one is converted. */
async function fillFrom(
  native: NativeEngine,
  stream: TensorStream,
  names: Iterable<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const name of names) {
    let filled = Promise.resolve()
    try {
      for await (const { offset, dtype, bytes } of stream.pieces(name)) {
        await filled
        signal?.throwIfAborted()
        filled = native.fill(name, offset, dtype, bytes)
        // The call may fail while the next piece is still being read.
        filled.catch(() => {})
      }
      await filled
    } catch (error) {
      // The piece's buffer must outlive the call that reads it.
      await filled.catch(() => {})
      throw hasCode(error, 'NOT_FINITE') ? notFinite(name, stream.fileOf) : error
    }
  }
}

function isStream(base: Tensors | TensorStream): base is TensorStream {
  return 'pieces' in base
}

class QueuedEngine implements Engine {
  readonly kind = 'native'
  readonly description: Message
  readonly config: ModelConfig
  readonly holding: Holding
  readonly #native: NativeEngine
  readonly #adapters = new Map<string, Shapes>()
  readonly #vocabularies = new WeakMap<Vocabulary, NativeVocabulary>()
  readonly #constraints = new WeakMap<Constraint, NativeConstraint>()
  #target: AdapterName = null
  readonly #calls = new Calls<Request>()

  constructor(native: NativeEngine, config: ModelConfig, description: Message, holding: Holding) {
    this.#native = native
    this.config = config
    this.description = description
    this.holding = holding
  }

  addAdapter(name: string, lora: LoraConfig, weights: Tensors): Promise<void> {
    return this.#calls.next(async () => {
      const shapes = adapterShapes(this.config, lora)
      await this.#native.addAdapter(name, flattenLora(this.config, lora), flatten(shapes, weights))
      this.#adapters.set(name, shapes)
    })
  }

  removeAdapter(name: string): Promise<void> {
    return this.#calls.next(async () => {
      await this.#native.removeAdapter(name)
      this.#adapters.delete(name)
    })
  }

  adapterWeights(name: string): Promise<Tensors> {
    return this.#calls.next(async () => withShapes(this.#shapes(name), await this.#native.weights(name)))
  }

  baseWeights(): Promise<Tensors> {
    return this.#calls.next(async () => withShapes(this.#shapes(null), await this.#native.weights(null)))
  }

  train(target: AdapterName): Promise<void> {
    return this.#calls.next(async () => {
      await this.#native.train(target)
      this.#target = target
    })
  }

  logprobs(forest: Forest, adapter: AdapterName, signal?: AbortSignal): Promise<Scores> {
    return this.#interruptible(signal, async () => {
      checkLengths(forest, this.config)
      return scores(await this.#native.logprobs(flattenForest(forest), adapter))
    })
  }

  accumulate(forest: Forest, dLoss: DLoss, dropoutSeed?: number, signal?: AbortSignal): Promise<Scores> {
    return this.#interruptible(signal, async () => {
      checkLengths(forest, this.config)
      const result = scores(await this.#native.forward(flattenForest(forest), dropoutSeed))
      const slopes = await dLoss(result)
      signal?.throwIfAborted()
      await this.#native.backward(slopes)
      return result
    })
  }

  /** Runs `call` after all earlier calls. The signal ends it early; it then rejects with the signal's reason. */
  #interruptible<R>(signal: AbortSignal | undefined, call: () => Promise<R>): Promise<R> {
    return this.#calls.next(async () => {
      signal?.throwIfAborted()
      const interrupt = () => this.#native.interrupt()
      signal?.addEventListener('abort', interrupt, { once: true })
      try {
        return await call()
      } catch (error) {
        throw hasCode(error, 'INTERRUPTED') && signal !== undefined ? signal.reason : error
      } finally {
        signal?.removeEventListener('abort', interrupt)
      }
    })
  }

  gradients(): Promise<Tensors> {
    return this.#calls.next(async () => withShapes(this.#shapes(this.#target), await this.#native.gradients()))
  }

  step(adamW: AdamW): Promise<{ grad_norm: number }> {
    return this.#calls.next(async () => {
      try {
        return { grad_norm: await this.#native.step(adamW) }
      } catch (error) {
        throw hasCode(error, 'GRADIENT_NOT_FINITE') ? new UserError('gradientNotFinite') : error
      }
    })
  }

  optimizerState(): Promise<OptimizerState> {
    return this.#calls.next(async () => {
      const state = await this.#native.optimizerState()
      const shapes = this.#shapes(this.#target)
      return {
        step: state.step,
        exp_avg: withShapes(shapes, state.exp_avg),
        exp_avg_sq: withShapes(shapes, state.exp_avg_sq),
      }
    })
  }

  setOptimizerState(state: OptimizerState): Promise<void> {
    return this.#calls.next(() => {
      const shapes = this.#shapes(this.#target)
      return this.#native.setOptimizerState(
        state.step,
        flatten(shapes, state.exp_avg),
        flatten(shapes, state.exp_avg_sq),
      )
    })
  }

  async generate(
    prompts: readonly Int32Array[],
    sampling: Sampling,
    adapter: AdapterName,
    options: GenerateOptions = {},
  ): Promise<Completion[]> {
    checkRequest(prompts, sampling, this.config)
    const { seeds, constraints, ...rest } = sampling
    return this.#calls.completeAll(
      prompts.length,
      adapter,
      options,
      (index, onToken) => ({
        ...rest,
        prompt: prompts[index]!,
        seed: seeds[index]!,
        constraint: this.#constraint(constraints?.[index] ?? null, sampling),
        onToken,
      }),
      () => {
        const generation = new Generation(adapter)
        // If a generation fails, its completions fail; they report the error.
        return { generation, run: () => generation.run(this.#native) }
      },
    )
  }

  /** The constraint in the addon. Throws UserError where no completion fits into max_new_tokens. */
  #constraint(constraint: Constraint | null, sampling: Sampling): NativeConstraint | null {
    if (constraint === null) return null
    const made = this.#constraints.get(constraint) ?? this.#makeConstraint(constraint)
    checkShortest(made.shortest, sampling)
    return made
  }

  #makeConstraint(constraint: Constraint): NativeConstraint {
    const { Constraint, Vocabulary } = loadAddon()
    const { vocabulary } = constraint
    const words = this.#vocabularies.get(vocabulary) ?? new Vocabulary(vocabulary.bytes, vocabulary.offsets)
    this.#vocabularies.set(vocabulary, words)
    const made = new Constraint(words, constraint)
    this.#constraints.set(constraint, made)
    return made
  }

  close(): Promise<void> {
    return this.#calls.next(() => this.#native.close())
  }

  #shapes(adapter: AdapterName): Shapes {
    if (adapter === null) return checkpointShapes(this.config)
    const shapes = this.#adapters.get(adapter)
    if (shapes === undefined) throw new Error(`there is no adapter '${adapter}' in the engine`)
    return shapes
  }
}

/** The data of the tensors that `shapes` names. Throws if one is missing or has another shape. */
function flatten(shapes: Shapes, tensors: Tensors): FlatTensors {
  const flat: FlatTensors = {}
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name)
    if (tensor === undefined) throw new Error(`tensor '${name}' is missing`)
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`tensor '${name}' has shape [${tensor.shape}] where the configuration wants [${shape}]`)
    }
    flat[name] = tensor.data as Float32Array<ArrayBuffer>
  }
  return flat
}

function withShapes(shapes: Shapes, flat: FlatTensors): Tensors {
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of shapes) tensors.set(name, { shape, data: flat[name]! })
  return tensors
}

/** Converts an adapter's settings for the addon. */
export function flattenLora(config: ModelConfig, lora: LoraConfig): FlatLora {
  const modules = adaptedModules(config, lora).map(({ name, r, scale }) => ({ name, r, scale }))
  return { lora_dropout: lora.lora_dropout, modules }
}

/** Converts a forest for the addon. */
export function flattenForest(forest: Forest): FlatForest {
  const total = forest.reduce((sum, segment) => sum + segment.tokens.length, 0)
  const tokens = new Int32Array(total)
  let at = 0
  for (const segment of forest) {
    tokens.set(segment.tokens, at)
    at += segment.tokens.length
  }
  return {
    tokens,
    lengths: Int32Array.from(forest, (segment) => segment.tokens.length),
    parents: Int32Array.from(forest, (segment) => segment.parent),
    targetStarts: Int32Array.from(forest, (segment) => segment.targetStart),
  }
}

function scores(wide: WideScores): Scores {
  return { ...wide, logprobs: Float32Array.from(wide.logprobs), entropies: Float32Array.from(wide.entropies) }
}
