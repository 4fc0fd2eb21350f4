/** The frequencies of rotary positions (Su et al. 2021, arXiv:2104.09864). */
import type { ModelConfig } from './engine.ts'

/**
 * Radians a token of each of the head_dim / 2 pairs: theta^(-2i / D) for the pair i. Llama 3.1 slows down those that turn less
 * than `low_freq_factor` times in the original context by `factor`, leaves those that turn more than `high_freq_factor` times,
 * and blends between.
 */
export function rotaryFrequencies({ head_dim, rope_theta, rope_scaling }: ModelConfig): number[] {
  return Array.from({ length: head_dim / 2 }, (_, i) => {
    const plain = rope_theta ** ((-2 * i) / head_dim)
    if (rope_scaling === null) return plain
    const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings } = rope_scaling
    const turns = (original_max_position_embeddings * plain) / (2 * Math.PI)
    const share = Math.min(Math.max((turns - low) / (high - low), 0), 1)
    return plain * (share + (1 - share) / factor)
  })
}
