/** Estimates how long the stages of a configuration take, from this machine's speed with its model. */
import { BRANCH_SAMPLES } from '../agent/rollout.ts'
import type { Config } from '../config/schema.ts'
import { controlsOf } from '../evaluation/arms.ts'
import type { MemoryQuestion } from './estimate.ts'
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

export function stageTimes({ tasks, training, collect, evaluation, flywheel }: Config, speed: Speed): StageTimes {
  const { sft, dpo } = training
  const controls = controlsOf(evaluation).length
  // Whether auto has the base model play is not known before it is asked.
  const base = evaluation.base === true ? 1 : 0
  const attempts = mostAttempts({ tasks, collect, flywheel })
  const branches = collect.hard_negatives ? tasks.length * collect.seeds_per_task * flywheel.rounds * ANSWERS : 0
  // Golden samples are replayed in batches half as large.
  const imitated = (dpo.imitation > 0 ? 1 : 0) + (dpo.replay > 0 ? 1 / 2 : 0)
  const step = dpo.grad_accumulation_steps * dpo.batch_size * (speed.pair + imitated * speed.sample)
  const examples = dpo.grad_accumulation_steps * dpo.batch_size
  // Only one of the controls trains on pairs; all replay golden samples.
  const control = evaluation.controls ? examples * (speed.pair + speed.sample + 1.5 * speed.sample) : 0
  const gradients = evaluation.policy_gradients.length * examples * 1.5 * speed.sample
  const episodes = (evaluation.tasks ?? tasks).length * evaluation.num_episodes_per_task
  return {
    sft: sft.max_steps * sft.grad_accumulation_steps * sft.batch_size * speed.sample,
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

export interface MeasuredStages {
  readonly speed: Speed
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
  const speed = await measureSpeed({ config: shape, holding: question, lora: config.lora, prompt, completion, pages })
  return { speed, times: stageTimes(config, speed) }
}
