/**
 * Decides which inputs of adapted projections LoRA dropout drops. It is a pure function of seed and place, so every engine
 * drops the same inputs in any order of computation. Projections of one input (q, k, v; gate, up) share its mask.
 */
import type { Projection } from '../config/choices.ts'
import { splitMix64 } from './random.ts'

/** The distinct inputs of a layer's projections. */
const SITES: Readonly<Record<Projection, number>> = {
  q_proj: 0,
  k_proj: 0,
  v_proj: 0,
  o_proj: 1,
  gate_proj: 2,
  up_proj: 2,
  down_proj: 3,
}

/**
 * The factors for a projection's input, [rows, columns]: 0 where it is dropped, else 1 / (1 - p). `rows` are the tokens'
 * places in the forest, counted through the tokens of all segments in order:
 *
 *     place = (row * 4096 + layer) * 4 + site                          64 bits
 *     key = splitMix64(splitMix64(dropoutSeed) ^ place) mod 2^32
 *     dropped = mix32(key + column * 0x9e3779b9) < floor(p * 2^32)     32 bits
 */
export function dropoutMask(
  p: number,
  dropoutSeed: number,
  layer: number,
  projection: Projection,
  rows: Int32Array,
  columns: number,
): Float32Array {
  const limit = dropoutLimit(p)
  const kept = 1 / (1 - p)
  const mask = new Float32Array(rows.length * columns)
  dropoutKeys(dropoutSeed, layer, projection, rows).forEach((key, index) => {
    for (let column = 0; column < columns; column++) {
      const dropped = mix32(key + Math.imul(column, 0x9e3779b9)) < limit
      mask[index * columns + column] = dropped ? 0 : kept
    }
  })
  return mask
}

/** What a mixed number has to be below to be dropped: floor(p * 2^32). */
export function dropoutLimit(p: number): number {
  return Math.floor(p * 2 ** 32)
}

/** The key of each row, as above. */
export function dropoutKeys(
  dropoutSeed: number,
  layer: number,
  projection: Projection,
  rows: Int32Array,
): Uint32Array<ArrayBuffer> {
  const stream = splitMix64(BigInt(dropoutSeed))
  return Uint32Array.from(rows, (row) => {
    const place = BigInt((row * 4096 + layer) * 4 + SITES[projection])
    return Number(BigInt.asUintN(32, splitMix64(stream ^ place)))
  })
}

/** A bijection of 32-bit numbers in which every input bit reaches every output bit. */
function mix32(value: number): number {
  let x = value >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}
