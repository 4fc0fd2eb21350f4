/** The agent's own successes as examples to imitate: what the control that DPO has to beat learns from. */
import type { Episode } from '../store/episode.ts'

export interface SuccessStep {
  readonly task: string
  readonly seed: number
  /** The user's message. */
  readonly prompt: string
  readonly completion: string
}

/**
 * Every step of every successful episode, each (prompt, completion) once (rejection-sampling fine-tuning keeps distinct
 * answers only, Yuan et al. 2023, arXiv:2308.01825), in the order of `episodes`.
 */
export function successSteps(episodes: readonly Episode[]): SuccessStep[] {
  const steps = new Map<string, SuccessStep>()
  for (const { task, seed, outcome, steps: taken } of episodes) {
    if (outcome !== 'success') continue
    for (const { prompt, completion } of taken) {
      const key = JSON.stringify([prompt, completion])
      if (!steps.has(key)) steps.set(key, { task, seed, prompt, completion })
    }
  }
  return [...steps.values()]
}
