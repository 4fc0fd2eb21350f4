/** Streams random weights of any size, so that a large model needs neither a download nor a disk. */

import { pieceRows, type TensorStream } from './checkpoint/tensor-stream.ts'
import type { ModelConfig } from './engine.ts'
import { uniformStream } from './random.ts'
import { checkpointShapes } from './weights.ts'

/** Qwen2's initializer_range. */
const STD = 0.02
/** Numbers in the pool that pieces are cut from. No piece is longer than half of it. */
const POOL = 2 ** 23

/**
 * Normally distributed weights in bf16, cut at random places from one pool, in the pieces of a checkpoint; norms are 1.
 * The same seed gives the same weights.
 */
export function randomStream(config: ModelConfig, seed: number): TensorStream {
  const uniform = uniformStream(seed)
  const shapes = checkpointShapes(config)
  const pool = new Uint16Array(POOL)
  const float = new Float32Array(1)
  const bits = new Uint32Array(float.buffer)
  for (let i = 0; i < pool.length; i++) {
    float[0] = STD * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    pool[i] = bits[0]! >>> 16
  }
  return {
    fileOf: () => 'random weights',
    async *pieces(name) {
      const shape = shapes.get(name)!
      const [rows = 1, columns = 1] = shape
      if (name.endsWith('norm.weight')) {
        const ones = new Float32Array(rows).fill(1)
        yield { offset: 0, dtype: 'F32', bytes: new Uint8Array(ones.buffer) }
        return
      }
      const step = pieceRows(shape)
      for (let row = 0; row < rows; row += step) {
        const count = Math.min(step, rows - row) * columns
        const at = Math.floor(uniform() * (POOL - count))
        yield { offset: row * columns, dtype: 'BF16', bytes: new Uint8Array(pool.buffer, 2 * at, 2 * count) }
      }
    },
  }
}
