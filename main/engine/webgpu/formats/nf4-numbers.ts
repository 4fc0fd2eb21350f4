/**
 * NF4 with double quantisation (Dettmers et al. 2023, QLoRA, arXiv:2305.14314), with the numbers of bitsandbytes: 16 levels,
 * blocks of 64 values with their largest magnitude, and 256 of those magnitudes as 8-bit numbers.
 */

/** Values that share a magnitude, counted over the whole matrix. */
export const NF4_BLOCK = 64
/** Magnitudes that are quantised together. */
export const NESTED_BLOCK = 256

/** Quantiles of the normal distribution within [-1, 1]. */
export const NF4_LEVELS = Float32Array.of(
  -1.0,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0.0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1.0,
)

/** Midpoints of neighbouring levels: a value above the i-th is nearer to level i + 1. */
const MIDPOINTS = Float32Array.from({ length: 15 }, (_, i) => 0.5 * Math.fround(NF4_LEVELS[i]! + NF4_LEVELS[i + 1]!))

/** The signed 8-bit dynamic map (Dettmers 2016, arXiv:1511.04561), ascending, [256]. */
export const DYNAMIC_MAP = makeDynamicMap()

/** Seven decades; the k-th has 2^k fractions of each sign. */
function makeDynamicMap(): Float32Array {
  const values = [0, 1]
  for (const [k, decade] of [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1].entries()) {
    const bounds = 2 ** k + 1
    for (let i = 0; i + 1 < bounds; i++) {
      const mean = Math.fround(spaced(i, bounds) + spaced(i + 1, bounds)) / 2
      values.push(decade * mean, -decade * mean)
    }
  }
  return Float32Array.from(values).sort()
}

/** torch.linspace(0.1, 1, n) in float32: the second half is counted down from the end. */
function spaced(i: number, n: number): number {
  const start = Math.fround(0.1)
  const step = Math.fround(Math.fround(1 - start) / (n - 1))
  return Math.fround(i < Math.floor(n / 2) ? start + step * i : 1 - step * (n - 1 - i))
}

/** The code of a value relative to its block's magnitude. */
export function nf4Code(x: number): number {
  let code = x > MIDPOINTS[7]! ? 8 : 0
  if (x > MIDPOINTS[code + 3]!) code += 4
  if (x > MIDPOINTS[code + 1]!) code += 2
  return x > MIDPOINTS[code]! ? code + 1 : code
}

/** The index of the map's value that is nearest to x; of two equally near, the lower. */
export function nearestInMap(x: number): number {
  let low = 0
  let high = DYNAMIC_MAP.length
  // The first value that is not below x.
  while (low < high) {
    const middle = (low + high) >> 1
    if (DYNAMIC_MAP[middle]! < x) low = middle + 1
    else high = middle
  }
  if (low === 0) return 0
  if (low === DYNAMIC_MAP.length) return low - 1
  const below = Math.fround(x - DYNAMIC_MAP[low - 1]!)
  const above = Math.fround(DYNAMIC_MAP[low]! - x)
  return below <= above ? low - 1 : low
}

/** The magnitudes of blocks in 8 bits: differences from their mean, relative to the largest of 256. */
export interface NestedMagnitudes {
  readonly absmax: Uint8Array
  readonly nestedAbsmax: Float32Array
  /** The mean of the magnitudes. */
  readonly offset: number
}

export function quantizeMagnitudes(magnitudes: Float32Array): NestedMagnitudes {
  let sum = 0
  for (const magnitude of magnitudes) sum += magnitude
  const offset = Math.fround(sum / magnitudes.length)
  const absmax = new Uint8Array(magnitudes.length)
  const nestedAbsmax = new Float32Array(Math.ceil(magnitudes.length / NESTED_BLOCK))
  for (let n = 0; n < nestedAbsmax.length; n++) {
    const block = magnitudes.subarray(n * NESTED_BLOCK, (n + 1) * NESTED_BLOCK)
    let largest = 0
    for (const magnitude of block) largest = Math.max(largest, Math.abs(Math.fround(magnitude - offset)))
    const inverse = largest > 0 ? Math.fround(1 / largest) : 0
    nestedAbsmax[n] = largest
    block.forEach((magnitude, i) => {
      absmax[n * NESTED_BLOCK + i] = nearestInMap(Math.fround(Math.fround(magnitude - offset) * inverse))
    })
  }
  return { absmax, nestedAbsmax, offset }
}

/** The magnitude of a block as it is held: by its byte, its 256 blocks' largest difference, and the mean. */
export function nestedMagnitude(absmax: number, nestedAbsmax: number, offset: number): number {
  return Math.fround(Math.fround(DYNAMIC_MAP[absmax]! * nestedAbsmax) + offset)
}
