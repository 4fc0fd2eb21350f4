/**
 * The learning rate of pretraining: warm-up, stable, decay (Hu et al. 2024, arXiv:2404.06395). The rate stays at its peak until
 * the last part of the training, so that a training can be given more steps while it runs, or be ended early. A cosine
 * would have to know the end from the beginning.
 */

export interface Schedule {
  /** The peak. */
  readonly learning_rate: number
  /** Steps over which the rate rises linearly to its peak. */
  readonly warmup_steps: number
  readonly max_steps: number
  /** The share of the steps, at the end, over which the rate falls to zero. */
  readonly decay: number
}

/** The rate of step `step`, from 0 on. It falls as 1 - sqrt (Hägele et al. 2024, arXiv:2405.18392). */
export function rateAt(step: number, { learning_rate, warmup_steps, max_steps, decay }: Schedule): number {
  const falling = Math.max(1, Math.round(max_steps * decay))
  const warm = Math.min(1, (step + 1) / warmup_steps)
  const fallen = Math.max(0, (step + 1 - (max_steps - falling)) / (falling + 1))
  return learning_rate * warm * (1 - Math.sqrt(fallen))
}
