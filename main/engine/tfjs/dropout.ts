/**
 * Which inputs of an adapted projection LoRA dropout drops: a pure function of the seed and the place, so that every
 * engine drops the same, whatever the order it computes in.
 */
import { PROJECTIONS, type Projection } from '../engine.ts'

const GOLDEN = 0x9e3779b9

/** The finaliser of MurmurHash3: a bijection of unsigned 32-bit numbers in which every input bit reaches every output bit. */
function mix(h: number): number {
  let x = h >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/**
 * What the input of a projection is multiplied by, [rows, columns]: 0 where it is dropped, else 1 / (1 - p). In
 * unsigned 32-bit arithmetic, with the module's index in PROJECTIONS and `rows` the places of the tokens in the forest,
 * whose segments' tokens stand one after the other:
 *
 *     stream = mix(dropoutSeed + GOLDEN * (7 * layer + module + 1))
 *     key    = mix(stream + GOLDEN * (row + 1))
 *     dropped = mix(key + GOLDEN * (column + 1)) < floor(p * 2^32)
 */
export function dropoutMask(
  p: number,
  dropoutSeed: number,
  layer: number,
  projection: Projection,
  rows: Int32Array,
  columns: number,
): Float32Array {
  const threshold = Math.floor(p * 2 ** 32)
  const kept = 1 / (1 - p)
  const stream = mix(dropoutSeed + Math.imul(GOLDEN, PROJECTIONS.length * layer + PROJECTIONS.indexOf(projection) + 1))
  const mask = new Float32Array(rows.length * columns)
  rows.forEach((row, index) => {
    const key = mix(stream + Math.imul(GOLDEN, row + 1))
    for (let column = 0; column < columns; column++) {
      const dropped = mix(key + Math.imul(GOLDEN, column + 1)) < threshold
      mask[index * columns + column] = dropped ? 0 : kept
    }
  })
  return mask
}
