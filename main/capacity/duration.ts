/** About how long the stages of a configuration take, from how fast this machine computes its model. */
import type { Config } from '../config/schema.ts'
import type { Speed } from './speed.ts'

/** Answers of an attempt: tasks take from one to a dozen, most two to four. */
export const ANSWERS = 3

/** Seconds of a whole pipeline. Pages' own time is left out: beside a large model it does not count. */
export interface StageTimes {
  /** With all its steps, which it seldom takes. */
  readonly sft: number
  readonly collect: number
  readonly attempts: number
  /** One optimiser step of DPO. */
  readonly step: number
  /** The policy of every round, and the controls; the reference's look at each pair comes besides. */
  readonly dpo: number
  readonly evaluate: number
}

export function stageTimes({ tasks, training, collect, evaluation, flywheel }: Config, speed: Speed): StageTimes {
  const { sft, dpo } = training
  const controls = evaluation.controls ? 3 : 0
  const attempts = tasks.length * collect.seeds_per_task * collect.attempts * flywheel.rounds
  // Golden samples are replayed in batches half as large.
  const imitated = (dpo.imitation > 0 ? 1 : 0) + (dpo.replay > 0 ? 1 / 2 : 0)
  const step = dpo.grad_accumulation_steps * dpo.batch_size * (speed.pair + imitated * speed.sample)
  // Of the controls only one has pairs, and each replays.
  const control = dpo.grad_accumulation_steps * dpo.batch_size * (speed.pair + speed.sample + 1.5 * speed.sample)
  const episodes = (evaluation.tasks ?? tasks).length * evaluation.num_episodes_per_task
  return {
    sft: sft.max_steps * sft.grad_accumulation_steps * sft.batch_size * speed.sample,
    collect: attempts * ANSWERS * speed.answer,
    attempts,
    step,
    dpo: dpo.max_steps * (flywheel.rounds * step + (controls > 0 ? control : 0)),
    evaluate: (1 + flywheel.rounds + controls) * episodes * ANSWERS * speed.answer,
  }
}
