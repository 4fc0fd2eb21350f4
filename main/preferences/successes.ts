/** The agent's own successes as examples to imitate. The control `success_sft` learns from them. */
import type { Episode } from '../store/episode.ts'

export interface SuccessStep {
  readonly task: string
  readonly seed: number
  /** The user's message. */
  readonly prompt: string
  readonly completion: string
}

/**
 * Every step of every successful episode, in the order of `episodes`, with each distinct answer of a problem once, as
 * in rejection-sampling fine-tuning (Yuan et al. 2023, arXiv:2308.01825).
 */
export function successSteps(episodes: readonly Episode[]): SuccessStep[] {
  const steps = new Map<string, SuccessStep>()
  for (const { task, seed, outcome, steps: taken } of episodes) {
    if (outcome !== 'success') continue
    for (const { prompt, completion } of taken) {
      const key = JSON.stringify([task, seed, prompt, completion])
      if (!steps.has(key)) steps.set(key, { task, seed, prompt, completion })
    }
  }
  return [...steps.values()]
}
