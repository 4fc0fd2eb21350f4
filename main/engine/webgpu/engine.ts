/**
 * The Engine interface on a graphics card, by way of WebGPU. It runs wherever there is a GPUDevice: in a page, or in Node with
 * Dawn. Weights are on the card alone.
 */
import { type Message, message } from '../../messages/message.ts'
import { Calls } from '../calls.ts'
import { checkTensors } from '../checkpoint/check-tensors.ts'
import { streamTensors, type TensorStream } from '../checkpoint/tensor-stream.ts'
import { Walker } from '../constraint.ts'
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
  Tensors,
} from '../engine.ts'
import { outline } from '../forest.ts'
import { noted } from '../noted.ts'
import { Choices, checkRequest } from '../sampling.ts'
import { adapterShapes } from '../weights.ts'
import { type Adapter, packAdapter, planAdapter, unpackAdapter } from './adapters.ts'
import { Arena } from './arena.ts'
import { type Formats, loadBase, planBase, readBase } from './base.ts'
import { type Batch, batchesOf, MOST_ROWS } from './batch.ts'
import { CACHE_BYTES, PageCache } from './cache.ts'
import { Gpu } from './device.ts'
import { formatsOf } from './formats/formats.ts'
import { Generation, type Request } from './generation.ts'
import { readScores } from './head.ts'
import { attentionTile } from './kernels/attention.ts'
import { tryMatrices } from './matrices.ts'
import { F32 } from './matrix.ts'
import { type Memory, type View, whole } from './memory.ts'
import { stepAdamW } from './optimizer.ts'
import { type Keeping, type Model, recordScores, recordStep } from './step.ts'
import { trySubgroups } from './subgroups.ts'
import {
  MOMENTS,
  planAdapterTraining,
  planBaseTraining,
  readMoment,
  type Training,
  trainedMemories,
  writeMoment,
} from './training.ts'

export interface WebGpuOptions {
  /** How the model is held; default: as floats, with all activations kept. */
  readonly holding?: Partial<Holding>
  /** The formats of the matrices; default: those of `holding`. */
  readonly formats?: Formats
  /** Trees are computed together up to so many rows; default MOST_ROWS. */
  readonly rows?: number
  /** The most bytes of a buffer; default: as many as the device allows. */
  readonly bufferBytes?: number
  /** The approximate limit on bytes of keys and values of prompts and completions; default CACHE_BYTES. */
  readonly cacheBytes?: number
  /** The adapter's name for the description; default: the device's own. */
  readonly adapterName?: string
  /** Ends the loading of weights. */
  readonly signal?: AbortSignal | undefined
  /** More text for the description. */
  readonly notes?: readonly Message[]
}

/**
 * Makes an engine on a device, which it owns from then on. The base model comes from tensors or from a stream. Throws
 * UserError if a weight is not finite, OutOfDeviceMemory if the card has no room, and DeviceLost if the device is lost, as
 * every call does from then on.
 */
export async function createWebGpuEngine(
  device: GPUDevice,
  config: ModelConfig,
  weights: Tensors | TensorStream,
  options: WebGpuOptions = {},
): Promise<Engine> {
  const gpu = new Gpu(device)
  const holding: Holding = { ...PLAIN, ...options.holding }
  const { formats = formatsOf(holding), bufferBytes = gpu.largestBuffer } = options
  try {
    await trySubgroups(gpu)
    if (formats.layers !== F32) await tryMatrices(gpu)
    const base = planBase(config, formats, bufferBytes)
    await loadBase(gpu, config, base, 'pieces' in weights ? weights : streamTensors(weights), options.signal)
    const model = { config, base, workgroupMemory: device.limits.maxComputeWorkgroupStorageSize }
    return new WebGpuEngine(gpu, model, new Arena(bufferBytes), holding, options)
  } catch (error) {
    gpu.close()
    throw error
  }
}

const PLAIN: Holding = {
  precision: 'fp32',
  headPrecision: 'bf16',
  gradientCheckpointing: false,
  packedBytes: 4,
  threads: 1,
}

/** What is trained: an adapter by its name, or the base (null); and the count of its steps. */
interface Trained {
  readonly name: AdapterName
  readonly training: Training
  step: number
}

class WebGpuEngine implements Engine {
  readonly kind = 'webgpu'
  readonly description: Message
  readonly holding: Holding
  readonly config: ModelConfig
  readonly #gpu: Gpu
  readonly #model: Model
  readonly #arena: Arena
  readonly #keeping: Keeping
  readonly #rows: number
  readonly #adapters = new Map<string, Adapter>()
  readonly #cache: PageCache
  #trained: Trained | null = null
  readonly #calls = new Calls<Request>()
  #closed = false

  constructor(gpu: Gpu, model: Model, arena: Arena, holding: Holding, options: WebGpuOptions) {
    const { precision, headPrecision, gradientCheckpointing: checkpointing, keptBytes = 0 } = holding
    const { adapterInfo } = gpu.device
    const adapter = options.adapterName ?? (adapterInfo.description || adapterInfo.vendor)
    this.#gpu = gpu
    this.#model = model
    this.#arena = arena
    this.#keeping = { checkpointing, keptBytes }
    this.#rows = options.rows ?? MOST_ROWS
    this.#cache = new PageCache(model.config, options.cacheBytes ?? CACHE_BYTES)
    this.config = model.config
    const held =
      precision === 'fp32'
        ? message('webgpuEngine', { adapter, precision })
        : message('webgpuEngineFrozen', { adapter, precision, head: headPrecision })
    const units = gpu.fragments === null ? [] : [message('matrixUnits')]
    this.description = noted(held, [...units, ...(options.notes ?? [])])
    this.holding = holding
  }

  addAdapter(name: string, lora: LoraConfig, weights: Tensors): Promise<void> {
    return this.#queue(async () => {
      if (this.#adapters.has(name)) throw new Error(`There is an adapter ${name} already.`)
      checkTensors(weights, adapterShapes(this.config, lora), () => message('theAdapter', { name }))
      const adapter = planAdapter(this.config, name, lora)
      await this.#gpu.allocate(adapter.weights)
      this.#gpu.write(whole(adapter.weights), packAdapter(adapter.layout, weights))
      this.#adapters.set(name, adapter)
    })
  }

  removeAdapter(name: string): Promise<void> {
    return this.#queue(async () => {
      const { weights } = this.#adapter(name)
      if (this.#trained?.name === name) this.#endTraining()
      this.#gpu.free(weights)
      this.#cache.forget()
      this.#adapters.delete(name)
    })
  }

  adapterWeights(name: string): Promise<Tensors> {
    return this.#queue(async () => {
      const { layout, weights } = this.#adapter(name)
      return unpackAdapter(layout, await this.#floats(weights))
    })
  }

  baseWeights(): Promise<Tensors> {
    return this.#queue(() => readBase(this.#gpu, this.config, this.#model.base))
  }

  train(target: AdapterName): Promise<void> {
    return this.#queue(async () => {
      const { base } = this.#model
      if (target === null && [base.embedding, base.layers[0]!.o].some(({ format }) => format !== F32)) {
        throw new Error('The base weights are frozen: they are not in fp32.')
      }
      const training =
        target === null
          ? planBaseTraining(this.config, base, this.#arena.limit)
          : planAdapterTraining(this.#adapter(target))
      this.#endTraining()
      this.#cache.clear(this.#gpu)
      this.#clearArena()
      this.#trained = { name: target, training, step: 0 }
      try {
        for (const memories of trainedMemories(training)) {
          for (const name of MOMENTS) await this.#gpu.allocate(memories[name])
        }
      } catch (error) {
        this.#endTraining()
        throw error
      }
    })
  }

  logprobs(forest: Forest, adapter: AdapterName, signal?: AbortSignal): Promise<Scores> {
    return this.#queue(async () => {
      const used = adapter === null ? null : this.#adapter(adapter)
      const { scores, batches } = this.#layOut(forest)
      for (const batch of batches) await this.#score(batch, used, scores, undefined, signal)
      return scores
    })
  }

  accumulate(forest: Forest, dLoss: DLoss, dropoutSeed?: number, signal?: AbortSignal): Promise<Scores> {
    return this.#queue(async () => {
      const { training } = this.#training()
      const { scores, batches } = this.#layOut(forest)
      const [only, ...others] = batches
      if (only !== undefined && others.length === 0) {
        // What the batch computes on its way forward stays until the derivatives are known.
        const { forward, slopes, backward } = this.#record(only, training, dropoutSeed)
        await this.#gpu.fit(this.#arena)
        await this.#gpu.run(forward.items, signal)
        await this.#read(only, forward.states, scores)
        const d = checked(await dLoss(scores), scores.logprobs.length)
        this.#gpu.write(slopes, placed(only, d))
        await this.#gpu.run(backward, signal)
        await this.#gpu.done()
        return scores
      }
      // The loss may combine trees, so it is computed after all are scored. Then each batch is computed again.
      for (const batch of batches) await this.#score(batch, training.adapter, scores, dropoutSeed, signal)
      const d = checked(await dLoss(scores), scores.logprobs.length)
      for (const batch of batches) {
        const { forward, slopes, backward } = this.#record(batch, training, dropoutSeed)
        await this.#gpu.fit(this.#arena)
        await this.#gpu.run(forward.items, signal)
        this.#gpu.write(slopes, placed(batch, d))
        await this.#gpu.run(backward, signal)
      }
      await this.#gpu.done()
      return scores
    })
  }

  gradients(): Promise<Tensors> {
    return this.#queue(async () => {
      return readMoment(this.#gpu, this.config, this.#training().training, 'gradients')
    })
  }

  step(adamW: AdamW): Promise<{ grad_norm: number }> {
    return this.#queue(async () => {
      const trained = this.#training()
      const memories = trainedMemories(trained.training)
      const grad_norm = await stepAdamW(this.#gpu, this.#arena, memories, trained.step + 1, adamW)
      this.#cache.forget()
      trained.step++
      return { grad_norm }
    })
  }

  optimizerState(): Promise<OptimizerState> {
    return this.#queue(async () => {
      const { step, training } = this.#training()
      return {
        step,
        exp_avg: await readMoment(this.#gpu, this.config, training, 'exp_avg'),
        exp_avg_sq: await readMoment(this.#gpu, this.config, training, 'exp_avg_sq'),
      }
    })
  }

  setOptimizerState({ step, exp_avg, exp_avg_sq }: OptimizerState): Promise<void> {
    return this.#queue(async () => {
      const trained = this.#training()
      for (const [name, moments] of [
        ['exp_avg', exp_avg],
        ['exp_avg_sq', exp_avg_sq],
      ] as const) {
        await writeMoment(this.#gpu, this.config, trained.training, name, moments)
      }
      trained.step = step
    })
  }

  async generate(
    prompts: readonly Int32Array[],
    sampling: Sampling,
    adapter: AdapterName,
    options: GenerateOptions = {},
  ): Promise<Completion[]> {
    checkRequest(prompts, sampling, this.config)
    const walkers = new Map<Constraint, Walker>()
    const choicesOf = (index: number) => {
      const constraint = sampling.constraints?.[index] ?? null
      if (constraint === null) return null
      const walker = walkers.get(constraint) ?? new Walker(constraint)
      walkers.set(constraint, walker)
      return new Choices(walker, constraint.reserve, sampling, this.config.vocab_size)
    }
    return this.#calls.completeAll(
      prompts.length,
      adapter,
      options,
      (index, onToken) => ({
        prompt: prompts[index]!,
        sampling,
        seed: sampling.seeds[index]!,
        choices: choicesOf(index),
        onToken,
      }),
      () => this.#generation(adapter),
    )
  }

  #generation(adapter: AdapterName) {
    const generation = new Generation(adapter)
    const card = { gpu: this.#gpu, arena: this.#arena, model: this.#model, cache: this.#cache }
    const run = async () => {
      try {
        this.#checkOpen()
        await generation.run(card, adapter === null ? null : this.#adapter(adapter))
      } catch (error) {
        if (!this.#closed) this.#cache.clear(this.#gpu)
        generation.fail(error)
      }
    }
    return { generation, run }
  }

  close(): Promise<void> {
    return this.#queue(async () => {
      this.#closed = true
      this.#gpu.close()
    })
  }

  /** Runs work after all earlier calls. */
  #queue<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.next(async () => {
      this.#checkOpen()
      return await work()
    })
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('The engine is closed.')
  }

  #adapter(name: string): Adapter {
    const adapter = this.#adapters.get(name)
    if (adapter === undefined) throw new Error(`There is no adapter ${name}.`)
    return adapter
  }

  #training(): Trained {
    if (this.#trained === null) throw new Error('Nothing is trained: call train() first.')
    return this.#trained
  }

  #endTraining(): void {
    if (this.#trained === null) return
    for (const memories of trainedMemories(this.#trained.training)) {
      this.#gpu.free(...MOMENTS.map((name) => memories[name]))
    }
    this.#trained = null
    this.#clearArena()
  }

  /** Gives back the memory of what was computed. Training and generation need different amounts, and never at a time. */
  #clearArena(): void {
    this.#gpu.free(...this.#arena.blocks)
    this.#arena.clear()
  }

  async #floats(memory: Memory): Promise<Float32Array> {
    const [bytes] = await this.#gpu.read(whole(memory))
    return new Float32Array(bytes!)
  }

  /** The batches of a forest's trees that have targets, and scores to be filled. */
  #layOut(forest: Forest): { scores: Scores; batches: readonly Batch[] } {
    const outlined = outline(forest, this.config)
    const { starts, counts, targetCount } = outlined
    const tile = attentionTile(this.config.head_dim, this.#model.workgroupMemory)
    return {
      scores: {
        logprobs: new Float32Array(targetCount),
        entropies: new Float32Array(targetCount),
        hits: new Uint8Array(targetCount),
        starts,
        counts,
      },
      batches: batchesOf(forest, outlined, this.#rows, tile),
    }
  }

  async #score(
    batch: Batch,
    adapter: Adapter | null,
    scores: Scores,
    dropoutSeed: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#arena.reset()
    const { items, states } = recordScores(this.#model, this.#arena, batch, adapter, dropoutSeed)
    await this.#gpu.fit(this.#arena)
    await this.#gpu.run(items, signal)
    await this.#read(batch, states, scores)
  }

  #record(batch: Batch, training: Training, dropoutSeed: number | undefined) {
    this.#arena.reset()
    return recordStep(this.#model, this.#arena, batch, training, this.#keeping, dropoutSeed)
  }

  async #read(batch: Batch, states: View, scores: Scores): Promise<void> {
    const [bytes] = await this.#gpu.read(states)
    readScores(batch, new Float32Array(bytes!), scores)
  }
}

/** The derivatives of a batch's targets, in the order of its own. */
function placed({ targets }: Batch, d: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(targets.places, (place) => d[place]!)
}

function checked(d: Float32Array, targets: number): Float32Array {
  if (d.length !== targets) throw new RangeError(`dLoss returned ${d.length} values for ${targets} targets.`)
  const bad = d.findIndex((value) => !Number.isFinite(value))
  if (bad !== -1) throw new RangeError(`dLoss returned a value that is not finite, for target ${bad}.`)
  return d
}
