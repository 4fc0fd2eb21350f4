/**
 * Llama 3's rope_scaling out of rope_freqs.weight. GGUF has no keys for it, but the tensor of factors that it comes to: the
 * frequency of pair i is divided by factor i. As in transformers' _compute_llama3_parameters:
 *
 *     1 / factor_i = 1 / factor + (1 - 1 / factor) clamp((original / wavelength_i - low) / (high - low), 0, 1)
 */
import type { RopeScaling } from '../engine.ts'

/** As in every published model. */
const PUBLISHED = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 }

/** How far a factor in float32 may be from what the parameters give. */
const TOLERANCE = 1e-4

/**
 * The parameters that give these factors; null if all are 1, and nothing is scaled; undefined if no parameters of Llama 3
 * give them. Of several that give the same factors, those with low_freq_factor 1.
 */
export function scalingOf(factors: Float32Array, theta: number): RopeScaling | null | undefined {
  if (factors.every((each) => each === 1)) return null
  const factor = factors.reduce((most, each) => Math.max(most, each), 1)
  const gives = (parameters: typeof PUBLISHED) => {
    const scaling: RopeScaling = { rope_type: 'llama3', factor, ...parameters }
    const expected = factorsOf(scaling, factors.length, theta)
    return factors.every((each, index) => Math.abs(each / expected[index]! - 1) < TOLERANCE) ? scaling : undefined
  }
  return (
    gives(PUBLISHED) ??
    fitted(factors, factor, theta)
      .map(gives)
      .find((scaling) => scaling !== undefined)
  )
}

/** The factors of so many pairs of numbers of a head. */
export function factorsOf(scaling: RopeScaling, pairs: number, theta: number): number[] {
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = scaling
  return Array.from({ length: pairs }, (_, pair) => {
    const smooth = (original / wavelength(pair, pairs, theta) - low) / (high - low)
    return 1 / (1 / factor + (1 - 1 / factor) * Math.min(1, Math.max(0, smooth)))
  })
}

/** Tokens in which a pair turns once. */
function wavelength(pair: number, pairs: number, theta: number): number {
  return 2 * Math.PI * theta ** (pair / pairs)
}

/** Parameters from the factors between 1 and the largest, where `clamp` is a line in 1 / wavelength. */
function fitted(factors: Float32Array, factor: number, theta: number): (typeof PUBLISHED)[] {
  const points = [...factors].flatMap((each, pair) => {
    const smooth = (1 / each - 1 / factor) / (1 - 1 / factor)
    return smooth > TOLERANCE && smooth < 1 - TOLERANCE
      ? [{ smooth, turns: 1 / wavelength(pair, factors.length, theta) }]
      : []
  })
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first === last) return []
  const slope = (last.smooth - first.smooth) / (last.turns - first.turns)
  // smooth = slope turns - low / (high - low), and low is 1.
  const width = 1 / (slope * first.turns - first.smooth)
  const original_max_position_embeddings = Math.round(slope * width)
  return [{ low_freq_factor: 1, high_freq_factor: 1 + width, original_max_position_embeddings }]
}
