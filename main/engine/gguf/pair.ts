/**
 * The order of the rows of q and k. Llama rotates two numbers of a head together: in a checkpoint they are half a head apart,
 * in llama.cpp's files of this architecture neighbours. For qwen2 and qwen3 both have them half a head apart.
 */
import type { ModelConfig } from '../engine.ts'

/** Whether a checkpoint's tensor has another order of rows in a GGUF file: weights and biases of q and k. */
export function isPaired({ model_type }: ModelConfig, name: string): boolean {
  return model_type === 'llama' && /\.self_attn\.[qk]_proj\./.test(name)
}

/** Whole heads of a checkpoint in llama.cpp's order. `columns` is the numbers of a row. */
export function pairRows(numbers: Float32Array, columns: number, headDim: number): Float32Array {
  const paired = new Float32Array(numbers.length)
  for (let row = 0; row < numbers.length / columns; row++) {
    const place = row % headDim
    const to = row - place + 2 * (place % (headDim / 2)) + Math.floor((2 * place) / headDim)
    paired.set(numbers.subarray(row * columns, (row + 1) * columns), to * columns)
  }
  return paired
}

/** The same for numbers that come in runs of whole rows; at most a head of them waits for the next run. */
export async function* pairRuns(
  runs: AsyncIterable<Float32Array>,
  columns: number,
  headDim: number,
): AsyncGenerator<Float32Array> {
  const head = headDim * columns
  let rest = new Float32Array()
  for await (const run of runs) {
    const numbers = new Float32Array(rest.length + run.length)
    numbers.set(rest)
    numbers.set(run, rest.length)
    const whole = numbers.length - (numbers.length % head)
    yield pairRows(numbers.subarray(0, whole), columns, headDim)
    rest = numbers.slice(whole)
  }
}
