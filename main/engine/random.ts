/** Random numbers that are the same on every machine and in every engine. */

/** Uniform numbers in (0, 1) from the generator mulberry32, one stream a seed. */
export function uniformStream(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296
  }
}

/** A well-mixed 64-bit number (Steele et al. 2014, doi:10.1145/2714064.2660195). */
export function splitMix64(value: bigint): bigint {
  const mod64 = (x: bigint) => BigInt.asUintN(64, x)
  let x = mod64(value + 0x9e3779b97f4a7c15n)
  x = mod64((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n)
  x = mod64((x ^ (x >> 27n)) * 0x94d049bb133111ebn)
  return x ^ (x >> 31n)
}

/** The number in [0, 1) at a place of a stream: the upper 53 bits of splitMix64(splitMix64(seed) ^ index). */
export function uniformAt(seed: number, index: number): number {
  return Number(splitMix64(splitMix64(BigInt(seed)) ^ BigInt(index)) >> 11n) * 2 ** -53
}
