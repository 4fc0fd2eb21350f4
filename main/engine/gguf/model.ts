/** Writes a model as a GGUF file, as llama.cpp's convert_hf_to_gguf.py does. */
import type { Merge } from '../checkpoint/config-json.ts'
import { widen } from '../checkpoint/dtype.ts'
import type { Piece } from '../checkpoint/tensor-stream.ts'
import type { ModelConfig } from '../engine.ts'
import { GGUF_PROMPT } from '../trained-prompt.ts'
import { checkpointShapes } from '../weights.ts'
import { encode, type WrittenType } from './encode.ts'
import { mergeValues } from './merge.ts'
import { modelValues } from './model-values.ts'
import { ggufName, ROPE_FACTORS } from './names.ts'
import { isPaired, pairRuns } from './pair.ts'
import { factorsOf } from './rope-scaling.ts'
import { TENSOR } from './types.ts'
import { type TypedValues, type WrittenTensor, writeGguf } from './write.ts'

export interface WrittenModel {
  /** general.name. */
  readonly name: string
  readonly config: ModelConfig
  /** A tensor from front to back in pieces of whole rows, by the checkpoint's names. */
  pieces(name: string): AsyncIterable<Piece>
  /** The metadata of its tokenizer. */
  readonly vocabulary: TypedValues
  /** The name of the prompt that it was trained with, if known. */
  readonly prompt?: string | undefined
  /** What it was merged from, if it was. */
  readonly merge?: Merge | undefined
}

/**
 * Writes a model with its matrices in the given type, atomically and a piece at a time. `onTensor` is called with the
 * numbers of tensors written so far and in all.
 * @throws UserError if the disk refuses, or a weight is beyond what the type can hold.
 */
export function writeModel(
  file: string,
  { name, config, pieces, vocabulary, prompt, merge }: WrittenModel,
  type: WrittenType,
  onTensor: (done: number, total: number) => void = () => {},
): Promise<void> {
  const weights = [...checkpointShapes(config)].map(([from, shape]): WrittenTensor => {
    const own = typeOf(shape, type)
    return {
      name: ggufName(from)!,
      type: own,
      shape,
      async *bytes() {
        for await (const run of runs(from, shape, config, pieces(from))) yield encode(from, run, own)
      },
    }
  })
  const trained: TypedValues = prompt === undefined ? [] : [[GGUF_PROMPT, prompt]]
  const merged = merge === undefined ? [] : mergeValues(merge)
  const values = [...modelValues(name, config, type), ...trained, ...merged, ...vocabulary]
  return writeGguf(file, values, [...ropeFactors(config), ...weights], onTensor)
}

/** The type of a tensor: llama.cpp wants norms and biases in F32, and rows that are no whole blocks cannot be quantised. */
function typeOf(shape: readonly number[], type: WrittenType): WrittenType {
  if (shape.length === 1) return 'F32'
  return shape.at(-1)! % TENSOR[type].numbers === 0 ? type : 'F16'
}

/** The numbers of a tensor in llama.cpp's order, in runs of whole rows. */
async function* runs(name: string, shape: readonly number[], config: ModelConfig, pieces: AsyncIterable<Piece>) {
  const numbers = numbersOf(pieces)
  yield* isPaired(config, name) ? pairRuns(numbers, shape[1] ?? 1, config.head_dim) : numbers
}

async function* numbersOf(pieces: AsyncIterable<Piece>) {
  for await (const { bytes, dtype } of pieces) yield widen(bytes, dtype)
}

/** What llama.cpp divides the frequencies of the rotary embedding by, which it knows only as a tensor. */
function ropeFactors({ rope_scaling, rope_theta, head_dim }: ModelConfig): WrittenTensor[] {
  if (rope_scaling === null) return []
  const factors = Float32Array.from(factorsOf(rope_scaling, head_dim / 2, rope_theta))
  const bytes = async function* () {
    yield encode(ROPE_FACTORS, factors, 'F32')
  }
  return [{ name: ROPE_FACTORS, type: 'F32', shape: [factors.length], bytes }]
}
