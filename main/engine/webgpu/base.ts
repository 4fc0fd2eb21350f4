/** The base model on the card: its matrices in the formats that were chosen, its norms and biases as floats. */
import { notFinite } from '../checkpoint/check-tensors.ts'
import { widen } from '../checkpoint/dtype.ts'
import type { TensorStream } from '../checkpoint/tensor-stream.ts'
import type { ModelConfig, Tensor, Tensors } from '../engine.ts'
import { FAMILIES } from '../families.ts'
import { checkpointShapes, projectionName, projectionShape } from '../weights.ts'
import type { Gpu } from './device.ts'
import { NotFinite } from './formats/pieces.ts'
import { type Encoder, type Matrix, memoriesOf, planMatrix, type WeightFormat } from './matrix.ts'
import { aligned, type Memory, type View } from './memory.ts'
import type { Upload } from './program.ts'

export interface Formats {
  /** Of the matrices in the layers. */
  readonly layers: WeightFormat
  /** Of embedding and head. */
  readonly outer: WeightFormat
}

/** A decoder layer. q, k and v are one matrix, and so are gate and up. */
export interface Layer {
  readonly qkv: Matrix
  readonly o: Matrix
  readonly gateUp: Matrix
  readonly down: Matrix
  readonly inputNorm: View
  readonly postNorm: View
  /** Of q, k and v. */
  readonly bias: View | undefined
  readonly queryNorm: View | undefined
  readonly keyNorm: View | undefined
}

/** Where a tensor of the checkpoint lies: in a matrix, or at an offset of a vector. */
type Place =
  | { readonly matrix: Matrix; readonly firstRow: number; readonly rows: number }
  | { readonly view: View; readonly at: number; readonly count: number }

export interface BaseWeights {
  readonly layers: readonly Layer[]
  readonly embedding: Matrix
  /** The embedding, if they are tied. */
  readonly head: Matrix
  readonly finalNorm: View
  /** Every buffer that the model needs. */
  readonly memories: readonly Memory[]
  /** That of norms and biases, among them. */
  readonly vectors: Memory
  readonly places: ReadonlyMap<string, Place>
}

/** Places all tensors of a checkpoint in memories without buffers, none larger than `limit` bytes. */
export function planBase(config: ModelConfig, formats: Formats, limit: number): BaseWeights {
  const places = new Map<string, Place>()
  const memories: Memory[] = []
  const vectors = { label: 'norms and biases', bytes: 0, buffer: null }

  const matrix = (names: readonly string[], format: WeightFormat, rows: readonly number[], columns: number) => {
    const made = planMatrix(names[0]!, format, rows, columns, limit)
    memories.push(...memoriesOf(made))
    let firstRow = 0
    names.forEach((name, index) => {
      places.set(name, { matrix: made, firstRow, rows: rows[index]! })
      firstRow += rows[index]!
    })
    return made
  }
  const vector = (names: readonly string[], counts: readonly number[]): View => {
    const count = counts.reduce((sum, one) => sum + one, 0)
    const view: View = { memory: vectors, offset: vectors.bytes, bytes: 4 * count }
    vectors.bytes += aligned(4 * count)
    let at = 0
    names.forEach((name, index) => {
      places.set(name, { view, at, count: counts[index]! })
      at += counts[index]!
    })
    return view
  }

  const { hidden_size: hidden, vocab_size, head_dim } = config
  const embedding = matrix(['model.embed_tokens.weight'], formats.outer, [vocab_size], hidden)
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer): Layer => {
    const product = (...projections: Parameters<typeof projectionShape>[1][]) =>
      matrix(
        projections.map((projection) => `${projectionName(layer, projection)}.weight`),
        formats.layers,
        projections.map((projection) => projectionShape(config, projection)[0]),
        projectionShape(config, projections[0]!)[1],
      )
    const norm = (name: string, count: number) => vector([`model.layers.${layer}.${name}.weight`], [count])
    const { qk_norm } = FAMILIES[config.model_type]
    const queries = ['q_proj', 'k_proj', 'v_proj'] as const
    return {
      qkv: product(...queries),
      o: product('o_proj'),
      gateUp: product('gate_proj', 'up_proj'),
      down: product('down_proj'),
      inputNorm: norm('input_layernorm', hidden),
      postNorm: norm('post_attention_layernorm', hidden),
      bias: config.attention_bias
        ? vector(
            queries.map((projection) => `${projectionName(layer, projection)}.bias`),
            queries.map((projection) => projectionShape(config, projection)[0]),
          )
        : undefined,
      queryNorm: qk_norm ? norm('self_attn.q_norm', head_dim) : undefined,
      keyNorm: qk_norm ? norm('self_attn.k_norm', head_dim) : undefined,
    }
  })
  const finalNorm = vector(['model.norm.weight'], [hidden])
  const head = config.tie_word_embeddings ? embedding : matrix(['lm_head.weight'], formats.outer, [vocab_size], hidden)
  return { layers, embedding, head, finalNorm, memories: [...memories, vectors], vectors, places }
}

/**
 * Allocates the model and fills it from a stream, a piece at a time. Throws UserError if a weight is not finite, and an Error
 * if the stream has not all numbers of a tensor.
 */
export async function loadBase(
  gpu: Gpu,
  config: ModelConfig,
  base: BaseWeights,
  stream: TensorStream,
  signal?: AbortSignal,
): Promise<void> {
  for (const memory of base.memories) await gpu.allocate(memory)
  await fillBase(gpu, config, base, stream, signal)
}

/** Fills allocated memories, as loadBase does. */
export async function fillBase(
  gpu: Gpu,
  config: ModelConfig,
  base: BaseWeights,
  stream: TensorStream,
  signal?: AbortSignal,
): Promise<void> {
  const encoders = new Map<Matrix, Encoder>()
  // A matrix takes its tensors in order, which is not the checkpoint's.
  for (const name of base.places.keys()) {
    const place = base.places.get(name)!
    const shape = checkpointShapes(config).get(name)!
    const count = shape.reduce((product, n) => product * n, 1)
    let taken = 0
    const write = 'matrix' in place ? encoderOf(encoders, place.matrix) : null
    for await (const { offset, dtype, bytes } of stream.pieces(name)) {
      signal?.throwIfAborted()
      const numbers = widen(bytes, dtype)
      if (offset !== taken || taken + numbers.length > count) {
        throw new Error(`${stream.fileOf(name)}: '${name}' has not the shape ${shape.join(', ')}.`)
      }
      if (!numbers.every(Number.isFinite)) throw notFinite(name, stream.fileOf)
      if (write !== null) {
        for (const { view, data } of encode(write, numbers, () => notFinite(name, stream.fileOf))) gpu.write(view, data)
      } else if ('view' in place) {
        const { memory, offset: start } = place.view
        const at = { memory, offset: start + 4 * (place.at + offset), bytes: numbers.byteLength }
        gpu.write(at, numbers.slice())
      }
      taken += numbers.length
      gpu.check()
    }
    if (taken !== count) throw new Error(`${stream.fileOf(name)}: '${name}' has not the shape ${shape.join(', ')}.`)
    for (const { view, data } of write?.end() ?? []) gpu.write(view, data)
  }
}

/** Throws `refusal` if a number is too large for its format. */
function encode(encoder: Encoder, numbers: Float32Array, refusal: () => Error): Upload[] {
  try {
    return encoder.add(numbers)
  } catch (error) {
    throw error instanceof NotFinite ? refusal() : error
  }
}

function encoderOf(encoders: Map<Matrix, Encoder>, matrix: Matrix): Encoder {
  const encoder = encoders.get(matrix) ?? matrix.format.encoder(matrix)
  encoders.set(matrix, encoder)
  return encoder
}

/** Copies of all tensors as floats, by the checkpoint's names. */
export async function readBase(gpu: Gpu, config: ModelConfig, { places }: BaseWeights): Promise<Tensors> {
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of checkpointShapes(config)) {
    const place = places.get(name)!
    if ('view' in place) {
      const [bytes] = await gpu.read(place.view)
      tensors.set(name, { shape, data: new Float32Array(bytes!, 4 * place.at, place.count).slice() })
      continue
    }
    const { matrix, firstRow, rows } = place
    const data = new Float32Array(rows * matrix.columns)
    for (const part of matrix.parts) {
      const from = Math.max(firstRow, part.firstRow)
      const to = Math.min(firstRow + rows, part.firstRow + part.rows)
      if (from >= to) continue
      const arrays = Object.entries(part.arrays)
      const bytes = await gpu.read(...arrays.map(([, view]) => view))
      const named = Object.fromEntries(arrays.map(([array], index) => [array, bytes[index]!]))
      const numbers = matrix.format.decode(part.rows, matrix.columns, named)
      const start = (from - part.firstRow) * matrix.columns
      data.set(numbers.subarray(start, start + (to - from) * matrix.columns), (from - firstRow) * matrix.columns)
    }
    tensors.set(name, { shape, data })
  }
  return tensors
}
