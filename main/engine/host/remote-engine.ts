/** The Engine interface over a host: a process or a page of its own that holds the model and computes. */
import { UserError } from '../../messages/error.ts'
import type { Message } from '../../messages/message.ts'
import type { Piece, TensorStream } from '../checkpoint/tensor-stream.ts'
import type {
  AdamW,
  AdapterName,
  Completion,
  Constraint,
  DLoss,
  Engine,
  EngineKind,
  Forest,
  GenerateOptions,
  Holding,
  LoraConfig,
  ModelConfig,
  OptimizerState,
  Sampling,
  Scores,
  Tensors,
  Vocabulary,
} from '../engine.ts'
import { noted } from '../noted.ts'
import { checkpointShapes } from '../weights.ts'
import type { AdapterFacts, AdapterWish } from './adapter.ts'
import type { Host } from './host.ts'
import { type Answers, Line } from './line.ts'
import { HOST_FORMS, LAB_FORMS } from './seam.ts'

/** Milliseconds for a host to start and to find its adapter. Drivers may compile shaders then. */
const ANSWER_LIMIT = 60_000
/** Milliseconds in which a call ends that was cancelled. A host that takes longer is ended. */
const STOP_LIMIT = 30_000

/**
 * Opens an engine in a host, which reads the weights from the stream piece by piece. The host ends with the engine, and
 * where opening fails.
 * @throws what the host's engine throws, and the host's failure where it ends.
 */
export async function openRemoteEngine(
  host: Host,
  what: {
    readonly kind: EngineKind
    readonly config: ModelConfig
    readonly wish: AdapterWish
    readonly holding: Holding
  },
  weights: TensorStream,
  { signal, notes = [] }: { readonly signal?: AbortSignal | undefined; readonly notes?: readonly Message[] } = {},
): Promise<Engine> {
  const { kind, config } = what
  const reader = pieceReader(weights)
  const slopes = new Slopes()
  const line = new Line(host.port, HOST_FORMS, LAB_FORMS, {
    piece: reader,
    slopes: ({ key, scores }) => slopes.of(key, scores),
  } satisfies Answers<typeof LAB_FORMS>)
  void host.failed.then((error) => line.end(error))
  // A host that sends what is no packet is of no more use.
  void line.ended.then(() => host.end())
  try {
    await inTime(line.call('adapter', what.wish))
    const files = new Map([...checkpointShapes(config).keys()].map((name) => [name, weights.fileOf(name)]))
    const { description, holding } = await line.call('open', { ...what, files }, { signal })
    return new RemoteEngine(host, line, slopes, { kind, config, description: noted(description, notes), holding })
  } catch (error) {
    await host.end()
    throw error
  }
}

/** What a host says of its adapter. The host ends with the answer. Throws as `openRemoteEngine` does. */
export async function askAdapter(host: Host, wish: AdapterWish): Promise<AdapterFacts> {
  const line = new Line(host.port, HOST_FORMS, {}, {})
  void host.failed.then((error) => line.end(error))
  try {
    return await inTime(line.call('adapter', wish))
  } finally {
    await host.end()
  }
}

/** Throws UserError where a host does not answer. */
async function inTime<R>(answer: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UserError('gpuTooLate', { seconds: ANSWER_LIMIT / 1000 })), ANSWER_LIMIT)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    answer.catch(() => {})
  }
}

/** Reads tensors piece by piece; a tensor begins again after its end. */
function pieceReader(weights: TensorStream): (name: string) => Promise<Piece | null> {
  const reading = new Map<string, AsyncIterator<Piece>>()
  return async (name) => {
    const pieces = reading.get(name) ?? weights.pieces(name)[Symbol.asyncIterator]()
    reading.set(name, pieces)
    const { done, value } = await pieces.next()
    if (done !== true) return value
    reading.delete(name)
    return null
  }
}

/** The functions that give derivatives, by the key of their call. */
class Slopes {
  readonly #functions = new Map<number, DLoss>()
  /** Errors of the functions themselves. */
  readonly #thrown = new Map<number, unknown>()
  #keys = 0

  /** Runs `accumulate` with a key for the function. Its own error reaches the caller as it is. */
  async during(dLoss: DLoss, accumulate: (key: number) => Promise<Scores>): Promise<Scores> {
    const key = this.#keys++
    this.#functions.set(key, dLoss)
    try {
      return await accumulate(key)
    } catch (error) {
      throw this.#thrown.has(key) ? this.#thrown.get(key) : error
    } finally {
      this.#functions.delete(key)
      this.#thrown.delete(key)
    }
  }

  async of(key: number, scores: Scores): Promise<Float32Array> {
    const dLoss = this.#functions.get(key)
    if (dLoss === undefined) throw new Error(`No call waits for derivatives with the key ${key}.`)
    try {
      return await dLoss(scores)
    } catch (error) {
      this.#thrown.set(key, error)
      throw error
    }
  }
}

class RemoteEngine implements Engine {
  readonly kind: EngineKind
  readonly description: Message
  readonly config: ModelConfig
  readonly holding: Holding | null
  readonly #host: Host
  readonly #line: Line<typeof HOST_FORMS, typeof LAB_FORMS>
  readonly #slopes: Slopes
  readonly #vocabularies = new WeakMap<Vocabulary, number>()
  #vocabularyCount = 0

  constructor(
    host: Host,
    line: Line<typeof HOST_FORMS, typeof LAB_FORMS>,
    slopes: Slopes,
    what: Pick<Engine, 'kind' | 'config' | 'description' | 'holding'>,
  ) {
    this.#host = host
    this.#line = line
    this.#slopes = slopes
    this.kind = what.kind
    this.config = what.config
    this.description = what.description
    this.holding = what.holding
  }

  addAdapter(name: string, lora: LoraConfig, weights: Tensors): Promise<void> {
    return this.#line.call('addAdapter', { name, lora, weights })
  }

  removeAdapter(name: string): Promise<void> {
    return this.#line.call('removeAdapter', name)
  }

  adapterWeights(name: string): Promise<Tensors> {
    return this.#line.call('adapterWeights', name)
  }

  baseWeights(): Promise<Tensors> {
    return this.#line.call('baseWeights', undefined)
  }

  train(target: AdapterName): Promise<void> {
    return this.#line.call('train', target)
  }

  logprobs(forest: Forest, adapter: AdapterName, signal?: AbortSignal): Promise<Scores> {
    return this.#stopping(signal, this.#line.call('logprobs', { forest, adapter }, { signal }))
  }

  accumulate(forest: Forest, dLoss: DLoss, dropoutSeed?: number, signal?: AbortSignal): Promise<Scores> {
    const seed = dropoutSeed === undefined ? {} : { dropoutSeed }
    return this.#slopes.during(dLoss, (key) =>
      this.#stopping(signal, this.#line.call('accumulate', { forest, ...seed, key }, { signal })),
    )
  }

  gradients(): Promise<Tensors> {
    return this.#line.call('gradients', undefined)
  }

  step(adamW: AdamW): Promise<{ grad_norm: number }> {
    return this.#line.call('step', adamW)
  }

  optimizerState(): Promise<OptimizerState> {
    return this.#line.call('optimizerState', undefined)
  }

  setOptimizerState(state: OptimizerState): Promise<void> {
    return this.#line.call('setOptimizerState', state)
  }

  generate(
    prompts: readonly Int32Array[],
    { constraints, ...sampling }: Sampling,
    adapter: AdapterName,
    { onToken, signal }: GenerateOptions = {},
  ): Promise<Completion[]> {
    const distinct = [...new Set((constraints ?? []).filter((one) => one !== null))]
    const held = constraints?.map((one) => (one === null ? -1 : distinct.indexOf(one))) ?? null
    const sent = distinct.map((one) => ({ ...one, vocabulary: this.#numberOf(one) }))
    const args = { prompts, sampling, held, constraints: sent, adapter, streams: onToken !== undefined }
    return this.#stopping(signal, this.#line.call('generate', args, { signal, onNews: onToken }))
  }

  /** Ends the host if it goes on with a call that was cancelled: it hangs. */
  async #stopping<R>(signal: AbortSignal | undefined, call: Promise<R>): Promise<R> {
    let timer: NodeJS.Timeout | undefined
    const stop = () => {
      timer = setTimeout(() => void this.#host.end(), STOP_LIMIT)
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await call
    } finally {
      signal?.removeEventListener('abort', stop)
      clearTimeout(timer)
    }
  }

  /** The number of a constraint's vocabulary in the host, which gets each vocabulary once. */
  #numberOf({ vocabulary }: Constraint): number {
    const known = this.#vocabularies.get(vocabulary)
    if (known !== undefined) return known
    const number = this.#vocabularyCount++
    this.#vocabularies.set(vocabulary, number)
    // If it fails, the generation that needs it fails.
    this.#line.call('addVocabulary', { number, ...vocabulary }).catch(() => {})
    return number
  }

  /** Ends the host too. One that has failed is closed already. */
  async close(): Promise<void> {
    await this.#line.call('close', undefined).catch(() => {})
    await this.#host.end()
  }
}
