/** The steps of attempts with what policy gradients make of their ends: the attempts at a problem are a group. */
import type { PolicyGradient } from '../config/choices.ts'
import type { Episode } from '../store/episode.ts'

export interface JudgedStep {
  readonly task: string
  readonly seed: number
  /** The user's message. */
  readonly prompt: string
  /** The completion as it was sampled, with its stop token if it has one. */
  readonly tokens: readonly number[]
  readonly advantage: number
}

/** Added to a standard deviation before it divides, as in TRL. */
const LEAST_DEVIATION = 1e-4

/**
 * The advantages of the attempts at one problem, by their rewards. RLOO: the reward less the mean of the others' (Ahmadian et
 * al. 2024, arXiv:2402.14740, equation 9). GRPO: less the mean of all, in standard deviations of the sample (Shao et al. 2024, arXiv:2402.03300,
 * section 4.1). All are 0 where the rewards are equal, or where there is only one.
 */
export function advantages(method: PolicyGradient, rewards: readonly number[]): number[] {
  const n = rewards.length
  if (n < 2) return rewards.map(() => 0)
  const sum = rewards.reduce((total, reward) => total + reward, 0)
  if (method === 'rloo') return rewards.map((reward) => reward - (sum - reward) / (n - 1))
  const variance = rewards.reduce((total, reward) => total + (reward - sum / n) ** 2, 0) / (n - 1)
  return rewards.map((reward) => (reward - sum / n) / (Math.sqrt(variance) + LEAST_DEVIATION))
}

/**
 * Every step of every attempt at problems that were solved and failed, with the attempt's advantage. The reward is 1 for a
 * success and 0 for a failure. Problems that were always or never solved have advantages of 0 and are left out. Faults count
 * as no attempt.
 */
export function judgedSteps(method: PolicyGradient, episodes: readonly Episode[]): JudgedStep[] {
  const groups = Map.groupBy(
    episodes.filter(({ outcome }) => outcome !== 'fault'),
    ({ task, seed }) => JSON.stringify([task, seed]),
  )
  return [...groups.values()].flatMap((attempts) => {
    const judged = advantages(
      method,
      attempts.map(({ outcome }) => (outcome === 'success' ? 1 : 0)),
    )
    return attempts.flatMap(({ task, seed, steps }, i) =>
      judged[i] === 0 ? [] : steps.map(({ prompt, tokens }) => ({ task, seed, prompt, tokens, advantage: judged[i]! })),
    )
  })
}
