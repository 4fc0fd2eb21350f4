/**
 * The reference engine: the whole Engine interface on TensorFlow.js with its automatic gradients. It specifies what the
 * native engine computes, is tested against it, and replaces it where nothing was compiled. A call computes on the calling
 * thread and lets the event loop run between trees and tokens.
 */
import { setImmediate } from 'node:timers/promises'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { reasonOf } from '../../messages/reason.ts'
import { adamWStep, clipping, isDecayed } from '../adamw.ts'
import { checkTensors } from '../checkpoint/check-tensors.ts'
import type {
  AdamW,
  AdapterName,
  Completion,
  DLoss,
  Engine,
  Forest,
  GenerateOptions,
  LoraConfig,
  ModelConfig,
  OptimizerState,
  Sampling,
  Scores,
  Tensors,
} from '../engine.ts'
import { type LaidOutForest, layOut, type Tree } from '../forest.ts'
import { noted } from '../noted.ts'
import { uniformAt } from '../random.ts'
import { argMax, checkRequest, drawer, logSoftmax } from '../sampling.ts'
import { adaptedModules, adapterShapes, checkpointShapes, type Shapes } from '../weights.ts'
import { type Adapter, decode, type LayerCache, logitsOf, type Model } from './decoder.ts'
import { chooseBackend, loadTfjs, type Tf, type TfjsBackend } from './load-tfjs.ts'
import { gatherRows, logprobsOf } from './ops.ts'
import { Weights } from './weights.ts'

/** The backend of TensorFlow.js. */
function describe(tf: Tf, backend: TfjsBackend): Message {
  const threads = message('threads', { count: 1 })
  switch (backend) {
    case 'wasm':
      return message('tfjsWasm', { threads })
    case 'cpu':
      return message('tfjsCpu', { threads })
    case 'node-gpu': {
      const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean }
      return message(isUsingGpuDevice ? 'tfjsCard' : 'tfjsProcessor')
    }
  }
}

export interface TfjsOptions {
  /** Default: WebAssembly if it starts, else plain JavaScript. */
  readonly backend?: TfjsBackend
  /** More text for the description, such as why this engine was chosen. */
  readonly notes?: readonly Message[]
}

/**
 * An engine on TensorFlow.js that holds a copy of `base`.
 * @throws UserError if the tensors do not fit the configuration; the backend's error if it cannot start.
 */
export async function createTfjsEngine(config: ModelConfig, base: Tensors, options: TfjsOptions = {}): Promise<Engine> {
  checkTensors(base, checkpointShapes(config), () => message('theBaseModel'))
  const notes = options.notes ?? []
  const open = async (backend: TfjsBackend, why: readonly Message[] = []) => {
    const tf = await loadTfjs(backend)
    return new TfjsEngine(tf, backend, noted(describe(tf, backend), [...why, ...notes]), config, base)
  }
  if (options.backend !== undefined) return open(options.backend)
  try {
    return await open('wasm')
  } catch (error) {
    const reason = error instanceof UserError ? error.messages : reasonOf(error)
    return open('cpu', [message('wasmDoesNotStart', { reason })])
  }
}

/** What training needs beside the trained weights. Moments and gradients have the weights' names and shapes. */
interface Training {
  readonly target: AdapterName
  readonly weights: Weights
  readonly gradients: Tensors
  step: number
  exp_avg: Tensors
  exp_avg_sq: Tensors
}

class TfjsEngine implements Engine {
  readonly kind
  readonly description: Message
  readonly holding = null
  readonly config: ModelConfig
  readonly #tf: Tf
  readonly #backend: TfjsBackend
  readonly #base: Weights
  readonly #adapters = new Map<string, Adapter>()
  #training: Training | null = null
  #closed = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(tf: Tf, backend: TfjsBackend, description: Message, config: ModelConfig, base: Tensors) {
    this.#tf = tf
    this.#backend = backend
    this.#base = new Weights(tf, base)
    this.config = config
    this.kind = backend === 'node-gpu' ? ('tfjs-node-gpu' as const) : ('tfjs' as const)
    this.description = description
  }

  addAdapter(name: string, lora: LoraConfig, weights: Tensors): Promise<void> {
    return this.#queue(() => {
      if (this.#adapters.has(name)) throw new Error(`There is an adapter ${name} already.`)
      checkTensors(weights, adapterShapes(this.config, lora), () => message('theAdapter', { name }))
      const { lora_dropout } = lora
      const scales = new Map(adaptedModules(this.config, lora).map(({ name, scale }) => [name, scale]))
      this.#adapters.set(name, { lora_dropout, scales, weights: new Weights(this.#tf, weights) })
    })
  }

  removeAdapter(name: string): Promise<void> {
    return this.#queue(() => {
      const { weights } = this.#adapter(name)
      if (this.#training?.weights === weights) this.#training = null
      weights.dispose()
      this.#adapters.delete(name)
    })
  }

  adapterWeights(name: string): Promise<Tensors> {
    return this.#queue(() => this.#adapter(name).weights.copy())
  }

  baseWeights(): Promise<Tensors> {
    return this.#queue(() => this.#base.copy())
  }

  train(target: AdapterName): Promise<void> {
    return this.#queue(() => {
      const weights = target === null ? this.#base : this.#adapter(target).weights
      const zeros = () => zerosLike(weights.shapes)
      this.#training = { target, weights, gradients: zeros(), step: 0, exp_avg: zeros(), exp_avg_sq: zeros() }
    })
  }

  logprobs(forest: Forest, adapter: AdapterName, signal?: AbortSignal): Promise<Scores> {
    return this.#queue(() => this.#score(layOut(forest, this.config), () => this.#model(adapter), signal))
  }

  accumulate(forest: Forest, dLoss: DLoss, dropoutSeed?: number, signal?: AbortSignal): Promise<Scores> {
    return this.#queue(async () => {
      const { target, weights, gradients } = this.#trained()
      const laidOut = layOut(forest, this.config)
      const modelOf = (tree: Tree): Model => ({
        ...this.#model(target),
        trained: weights,
        dropout: dropoutSeed === undefined ? null : { seed: dropoutSeed, rows: tree.forestRows },
      })
      // The loss may combine trees, so it is computed after all are scored. Then each tree is computed again for its
      // gradient, so that only one tree's activations are in memory.
      const scores = await this.#score(laidOut, modelOf, signal)
      const d = await dLoss(scores)
      if (d.length !== laidOut.targetCount) {
        throw new RangeError(`dLoss returned ${d.length} values for ${laidOut.targetCount} targets.`)
      }
      const bad = d.findIndex((value) => !Number.isFinite(value))
      if (bad !== -1) throw new RangeError(`dLoss returned a value that is not finite, for target ${bad}.`)
      for (const tree of laidOut.trees) {
        if (tree.targets.length === 0) continue
        signal?.throwIfAborted()
        const made = inMemory(tree.tokens.length, () => this.#treeGradients(modelOf(tree), tree, weights, d))
        for (const [name, gradient] of made) {
          const sum = gradients.get(name)!.data
          for (let i = 0; i < sum.length; i++) sum[i]! += gradient[i]!
        }
        await setImmediate()
      }
      return scores
    })
  }

  gradients(): Promise<Tensors> {
    return this.#queue(() => copyOf(this.#trained().gradients))
  }

  step(adamW: AdamW): Promise<{ grad_norm: number }> {
    return this.#queue(() => {
      const training = this.#trained()
      const { gradients, exp_avg, exp_avg_sq } = training
      const { grad_norm, factor } = clipping(gradients, adamW.max_grad_norm)
      if (!Number.isFinite(grad_norm)) {
        for (const { data } of gradients.values()) data.fill(0)
        throw new UserError('gradientNotFinite')
      }
      const step = ++training.step
      training.weights.update((name, values) => {
        const gradient = gradients.get(name)!.data
        const decayed = isDecayed(name)
        adamWStep(values, gradient, exp_avg.get(name)!.data, exp_avg_sq.get(name)!.data, step, adamW, factor, decayed)
        gradient.fill(0)
      })
      return { grad_norm }
    })
  }

  optimizerState(): Promise<OptimizerState> {
    return this.#queue(() => {
      const { step, exp_avg, exp_avg_sq } = this.#trained()
      return { step, exp_avg: copyOf(exp_avg), exp_avg_sq: copyOf(exp_avg_sq) }
    })
  }

  setOptimizerState({ step, exp_avg, exp_avg_sq }: OptimizerState): Promise<void> {
    return this.#queue(() => {
      const training = this.#trained()
      for (const moments of [exp_avg, exp_avg_sq]) {
        checkTensors(moments, training.weights.shapes, () => message('theOptimizerState'))
      }
      training.step = step
      training.exp_avg = copyOf(exp_avg)
      training.exp_avg_sq = copyOf(exp_avg_sq)
    })
  }

  generate(
    prompts: readonly Int32Array[],
    sampling: Sampling,
    adapter: AdapterName,
    options: GenerateOptions = {},
  ): Promise<Completion[]> {
    return this.#queue(async () => {
      checkRequest(prompts, sampling, this.config)
      const model = this.#model(adapter)
      const completions = new Array<Completion>(prompts.length)
      const sharers = Map.groupBy(prompts.keys(), (index) => prompts[index]!.join())
      for (const indices of sharers.values()) {
        options.signal?.throwIfAborted()
        const tokens = prompts[indices[0]!]!
        const prompt = inMemory(tokens.length, () => this.#extend(model, tokens, null))
        try {
          for (const index of indices) {
            completions[index] = await this.#complete(model, prompt, sampling, index, options)
          }
        } finally {
          disposeCache(prompt.cache)
        }
      }
      return completions
    })
  }

  close(): Promise<void> {
    return this.#queue(() => {
      this.#closed = true
      this.#base.dispose()
      for (const { weights } of this.#adapters.values()) weights.dispose()
      this.#adapters.clear()
      this.#training = null
    })
  }

  /** Runs work after all earlier work, even if that failed. */
  #queue<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      if (this.#closed) throw new Error('The engine is closed.')
      await chooseBackend(this.#tf, this.#backend)
      return work()
    })
    this.#last = result.catch(() => {})
    return result
  }

  #adapter(name: string): Adapter {
    const adapter = this.#adapters.get(name)
    if (adapter === undefined) throw new Error(`There is no adapter ${name}.`)
    return adapter
  }

  #trained(): Training {
    if (this.#training === null) throw new Error('Nothing is trained: call train() first.')
    return this.#training
  }

  #model(adapter: AdapterName): Model {
    return {
      tf: this.#tf,
      config: this.config,
      base: this.#base,
      adapter: adapter === null ? null : this.#adapter(adapter),
      trained: null,
      dropout: null,
    }
  }

  async #score(
    { trees, starts, counts, targetCount }: LaidOutForest,
    modelOf: (tree: Tree) => Model,
    signal?: AbortSignal,
  ): Promise<Scores> {
    const logprobs = new Float32Array(targetCount)
    const entropies = new Float32Array(targetCount)
    const hits = new Uint8Array(targetCount)
    for (const tree of trees) {
      if (tree.targets.length === 0) continue
      signal?.throwIfAborted()
      const logits = inMemory(tree.tokens.length, () =>
        this.#tf.tidy(() => targetLogits(modelOf(tree), tree).dataSync()),
      )
      tree.targets.forEach((target, index) => {
        const row = logits.subarray(index * this.config.vocab_size, (index + 1) * this.config.vocab_size)
        const distribution = logSoftmax(row)
        const place = tree.places[index]!
        logprobs[place] = distribution.logprobs[target]!
        entropies[place] = distribution.entropy
        hits[place] = argMax(row) === target ? 1 : 0
      })
      await setImmediate()
    }
    return { logprobs, entropies, hits, starts, counts }
  }

  /** The gradients of a tree, by name: d(sum of its logprobs, each times its derivative d) / d weights. */
  #treeGradients(model: Model, tree: Tree, weights: Weights, d: Float32Array): Map<string, Float32Array> {
    const tf = this.#tf
    const names = [...weights.shapes.keys()]
    const loss = () => {
      const logprobs = logprobsOf(tf, targetLogits(model, tree), tree.targets)
      return tf.sum(tf.mul(logprobs, tf.tensor1d(Float32Array.from(tree.places, (place) => d[place]!))))
    }
    // Before tfjs starts its tape: a weight is an input of the loss, not an intermediate result.
    const inputs = names.map((name) =>
      weights.shapes.get(name)!.length === 2 ? weights.weight(name).weight : weights.tensor(name),
    )
    const gradients = tf.tidy(() => tf.grads(loss)(inputs))
    const made = new Map(gradients.map((gradient, index) => [names[index]!, gradient.dataSync() as Float32Array]))
    tf.dispose(gradients)
    return made
  }

  /** Continues the cache `past` by tokens. Returns the new cache, which the caller disposes, and the logits after the last. */
  #extend(model: Model, tokens: Int32Array, past: Prefix | null): Prefix {
    const tf = this.#tf
    const before = past?.length ?? 0
    const total = before + tokens.length
    const rows = {
      tokens,
      positions: Int32Array.from(tokens, (_, row) => before + row),
      sees: Uint8Array.from({ length: tokens.length * total }, (_, at) =>
        at % total <= before + Math.floor(at / total) ? 1 : 0,
      ),
    }
    let logits = new Float32Array()
    const cache = tf.tidy(() => {
      const decoded = decode(model, rows, past?.cache)
      const last = gatherRows(tf, decoded.hidden, Int32Array.of(tokens.length - 1))
      logits = logitsOf(model, last).dataSync() as Float32Array<ArrayBuffer>
      return decoded.cache as unknown as Tensor[]
    }) as unknown as LayerCache[]
    return { length: total, cache, logits }
  }

  async #complete(
    model: Model,
    prompt: Prefix,
    sampling: Sampling,
    index: number,
    { onToken, signal }: GenerateOptions,
  ): Promise<Completion> {
    const seed = sampling.seeds[index]!
    const draw = drawer(sampling, sampling.constraints?.[index] ?? null, this.config.vocab_size)
    const tokens: number[] = []
    const logprobs: number[] = []
    let stopped = false
    let prefix = prompt
    try {
      while (tokens.length < sampling.max_new_tokens) {
        signal?.throwIfAborted()
        if (!prefix.logits.every(Number.isFinite)) throw new UserError('logitsNotFinite')
        const token = draw(prefix.logits, uniformAt(seed, tokens.length))
        const logprob = logSoftmax(prefix.logits).logprobs[token]!
        tokens.push(token)
        logprobs.push(logprob)
        onToken?.({ prompt: index, token, logprob })
        stopped = sampling.stop_token_ids.includes(token)
        if (stopped || tokens.length === sampling.max_new_tokens) break
        const longer = this.#extend(model, Int32Array.of(token), prefix)
        if (prefix !== prompt) disposeCache(prefix.cache)
        prefix = longer
        await setImmediate()
      }
    } finally {
      if (prefix !== prompt) disposeCache(prefix.cache)
    }
    return { tokens: Int32Array.from(tokens), logprobs: Float32Array.from(logprobs), stopped }
  }
}

/**
 * Computes something on this many tokens. Throws UserError where they need more memory than the backend has: 4 GB in
 * WebAssembly, whatever the machine has.
 */
function inMemory<R>(tokens: number, compute: () => R): R {
  try {
    return compute()
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error
    throw new UserError('tfjsOutOfMemory', { tokens, reason: reasonOf(error) })
  }
}

/** Computed tokens: their number, every layer's keys and values, and the logits of the next token. */
interface Prefix {
  readonly length: number
  readonly cache: readonly LayerCache[]
  readonly logits: Float32Array
}

/** Logits [targets, vocabulary] at those rows of a tree that predict its targets. */
function targetLogits(model: Model, tree: Tree): Tensor2D {
  return logitsOf(model, gatherRows(model.tf, decode(model, tree).hidden, tree.predictors))
}

function disposeCache(cache: readonly LayerCache[]): void {
  for (const { keys, values } of cache) {
    keys.dispose()
    values.dispose()
  }
}

function zerosLike(shapes: Shapes): Tensors {
  return new Map(
    [...shapes].map(([name, shape]) => [
      name,
      { shape, data: new Float32Array(shape.reduce((size, n) => size * n, 1)) },
    ]),
  )
}

function copyOf(tensors: Tensors): Tensors {
  return new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}
