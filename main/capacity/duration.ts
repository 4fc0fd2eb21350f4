/** Estimates how long the stages of a configuration take, from this machine's speed with its model. */
import { BRANCH_SAMPLES } from '../agent/rollout.ts'
import type { Config } from '../config/schema.ts'
import { controlsOf } from '../evaluation/arms.ts'
import { isMostlyShared } from '../training/forest.ts'
import type { MemoryQuestion } from './estimate.ts'
import { beginningTokens } from './lengths.ts'
import { measureSpeed, type Speed } from './speed.ts'

/** Answers in an attempt. Tasks take from one to a dozen, most two to four. */
export const ANSWERS = 3

/** Seconds of a whole pipeline, without the pages' own time, which is negligible beside a large model. */
export interface StageTimes {
  /** With all its steps. SFT usually stops earlier. */
  readonly sft: number
  readonly collect: number
  readonly attempts: number
  /** One optimiser step of DPO. */
  readonly step: number
  /** Every round's policy and the controls, without the reference's log-probabilities. */
  readonly dpo: number
  readonly evaluate: number
}

export function stageTimes({ tasks, training, collect, evaluation, flywheel }: Config, speed: StageSpeed): StageTimes {
  const { sft, dpo } = training
  const controls = controlsOf(evaluation).length
  // Whether auto has the base model play is not known before it is asked.
  const base = evaluation.base === true ? 1 : 0
  const attempts = mostAttempts({ tasks, collect, flywheel })
  const branches = collect.hard_negatives ? tasks.length * collect.seeds_per_task * flywheel.rounds * ANSWERS : 0
  /** A step whose terms have these many pairs or samples for each of `batch_size`. */
  const stepOf = (pairs: number, ...samples: readonly number[]) => {
    const terms = (pairs > 0 ? 1 : 0) + samples.filter((share) => share > 0).length
    const own = pairs * speed.pair + samples.reduce((sum, share) => sum + share, 0) * speed.sample
    return dpo.grad_accumulation_steps * ((speed.together ? 1 : terms) * speed.beginning + dpo.batch_size * own)
  }
  // Golden samples are replayed in batches half as large. All controls replay them; NLL on the chosen and SFT on own successes
  // have samples beside them.
  const step = stepOf(1, dpo.imitation > 0 ? 1 : 0, dpo.replay > 0 ? 1 / 2 : 0)
  const control = evaluation.controls ? stepOf(0, 1 / 2) + 2 * stepOf(0, 1, 1 / 2) : 0
  const gradients = evaluation.policy_gradients.length * stepOf(0, 1, 1 / 2)
  const episodes = (evaluation.tasks ?? tasks).length * evaluation.num_episodes_per_task
  return {
    sft: sft.max_steps * sft.grad_accumulation_steps * (speed.beginning + sft.batch_size * speed.sample),
    collect: (attempts * ANSWERS + branches * BRANCH_SAMPLES) * speed.answer,
    attempts,
    step,
    dpo: dpo.max_steps * (flywheel.rounds * step + control + gradients),
    evaluate: (base + 1 + flywheel.rounds + controls) * episodes * ANSWERS * speed.answer,
  }
}

/** The most attempts of all collections. With hard negatives, a success is left at each of its pages. */
export function mostAttempts({ tasks, collect, flywheel }: Pick<Config, 'tasks' | 'collect' | 'flywheel'>): number {
  const each = collect.attempts + collect.more_attempts + (collect.hard_negatives ? ANSWERS : 0)
  return tasks.length * collect.seeds_per_task * flywheel.rounds * each
}

/** All stages of a pipeline together. */
export function runSeconds({ sft, collect, dpo, evaluate }: StageTimes): number {
  return sft + collect + dpo + evaluate
}

export interface StageSpeed extends Speed {
  /** Whether the terms of a step go through the engine together, and so compute the beginning once. */
  readonly together: boolean
}

export interface MeasuredStages {
  readonly speed: StageSpeed
  readonly times: StageTimes
}

/**
 * Measures this machine for a few seconds, with its present load, and returns its speed and what the stages take.
 * `question` is that of planMemory; prompts and answers have these many tokens.
 */
export async function measureStages(
  config: Config,
  question: MemoryQuestion,
  lengths: { readonly prompt: number; readonly completion: number },
): Promise<MeasuredStages> {
  const { prompt, completion } = lengths
  const { pages } = config.environment
  const { config: shape } = question
  const shared = Math.min(beginningTokens(config, shape), prompt)
  const asked = { config: shape, holding: question, lora: config.lora, prompt, shared, completion, pages }
  const speed = { ...(await measureSpeed(asked)), together: isMostlyShared(shared, prompt) }
  return { speed, times: stageTimes(config, speed) }
}
