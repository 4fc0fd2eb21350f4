/** AdamW with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101) on plain arrays, as in PyTorch. */
import type { AdamW, Tensors } from './engine.ts'

/** Whether weight decay applies. It applies to matrices, not to biases and norms. */
export function isDecayed(name: string): boolean {
  return !name.endsWith('.bias') && !name.endsWith('norm.weight')
}

/** The L2 norm of all gradients together, and the factor that clips it to `max_grad_norm` (0 or Infinity: no clipping). */
export function clipping(gradients: Tensors, max_grad_norm: number): { grad_norm: number; factor: number } {
  let sum = 0
  for (const { data } of gradients.values()) for (const value of data) sum += value * value
  const grad_norm = Math.sqrt(sum)
  return { grad_norm, factor: clippingFactor(grad_norm, max_grad_norm) }
}

/** The factor that clips gradients of this norm to `max_grad_norm` (0 or Infinity: no clipping), as in PyTorch. */
export function clippingFactor(grad_norm: number, max_grad_norm: number): number {
  const clips = max_grad_norm > 0 && Number.isFinite(max_grad_norm)
  return clips ? Math.min(1, max_grad_norm / (grad_norm + 1e-6)) : 1
}

/** Updates values and moments in place. `step` counts from 1; `gradient` is first multiplied by `factor`. */
export function adamWStep(
  values: Float32Array,
  gradient: Float32Array,
  exp_avg: Float32Array,
  exp_avg_sq: Float32Array,
  step: number,
  options: AdamW,
  factor: number,
  decayed: boolean,
): void {
  const { learning_rate, adam_beta1, adam_beta2, adam_epsilon, weight_decay } = options
  const keep = decayed ? 1 - learning_rate * weight_decay : 1
  const correction1 = 1 - adam_beta1 ** step
  const correction2 = Math.sqrt(1 - adam_beta2 ** step)
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * factor
    const m = adam_beta1 * exp_avg[i]! + (1 - adam_beta1) * g
    const v = adam_beta2 * exp_avg_sq[i]! + (1 - adam_beta2) * g * g
    exp_avg[i] = m
    exp_avg_sq[i] = v
    const denominator = Math.sqrt(v) / correction2 + adam_epsilon
    values[i] = values[i]! * keep - ((learning_rate / correction1) * m) / denominator
  }
}
