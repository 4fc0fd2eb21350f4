/** Learning-rate schedules, by the names transformers gives them. */

export const SCHEDULES = ['linear', 'cosine', 'constant', 'constant_with_warmup'] as const
export type Schedule = (typeof SCHEDULES)[number]

export interface ScheduleOptions {
  /** The peak. */
  readonly learning_rate: number
  readonly lr_scheduler_type: Schedule
  /** Steps over which the rate rises linearly to its peak. `constant` ignores it. */
  readonly warmup_steps: number
  /** The number of steps after which a falling schedule reaches zero. */
  readonly max_steps: number
}

/**
 * The learning rate of optimiser step `step`, from 0 on. Unlike in transformers, a warm-up does not waste its first step on
 * a rate of zero: the rate rises as (step + 1) / warmup_steps.
 */
export function learningRate(step: number, options: ScheduleOptions): number {
  const { learning_rate, lr_scheduler_type, max_steps } = options
  const warmup = lr_scheduler_type === 'constant' ? 0 : Math.min(options.warmup_steps, max_steps)
  if (step < warmup) return (learning_rate * (step + 1)) / warmup
  const progress = Math.min(1, (step - warmup) / Math.max(1, max_steps - warmup))
  switch (lr_scheduler_type) {
    case 'linear':
      return learning_rate * (1 - progress)
    case 'cosine':
      return (learning_rate * (1 + Math.cos(Math.PI * progress))) / 2
    case 'constant':
    case 'constant_with_warmup':
      return learning_rate
  }
}
