/** The training loop of SFT and preference training. It handles steps, rates and checkpoints, and knows no loss. */

import type { AdapterName, Engine, OptimizerState, Tensors } from '../engine/engine.ts'
import { UserError } from '../messages/error.ts'
import { learningRate, type ScheduleOptions } from './schedule.ts'
import { accumulate, goTogether, type Metrics, type Term, type TermReport } from './terms.ts'

/** Names are TRL's, or the configuration's where it has its own. */
export interface TrainingOptions extends ScheduleOptions {
  /** Examples or pairs in one forest (per_device_train_batch_size). */
  readonly batch_size: number
  /** Forests in one optimiser step (gradient_accumulation_steps). */
  readonly grad_accumulation_steps: number
  readonly weight_decay: number
  /** Gradients are scaled down to this norm; 0 turns this off. */
  readonly max_grad_norm: number
  /** Determines the order of the data and LoRA's dropout. */
  readonly seed: number
}

/** Everything that training needs to continue exactly where it stopped. */
export interface TrainingState {
  /** Optimiser steps done. */
  readonly step: number
  /** The trained weights: the adapter's, or the base model's in full-parameter training. */
  readonly weights: Tensors
  readonly optimizer: OptimizerState
  readonly num_tokens: number
  readonly best: Best | null
}

/** The weights with the lowest eval_loss so far. */
export interface Best {
  readonly step: number
  readonly eval_loss: number
  readonly weights: Tensors
}

/** Held-out evaluation during training. */
export interface Validation {
  /** Must hold eval_loss. */
  readonly evaluate: (signal?: AbortSignal) => Promise<Metrics & { readonly eval_loss: number }>
  /** Optimiser steps between evaluations. */
  readonly eval_steps: number
  /** Training stops after this many evaluations in a row without improvement. */
  readonly patience: number
}

export interface TrainingHooks {
  /** Called after every optimiser step, with `step` from 1 on, and with eval_ figures if this step was evaluated. */
  readonly onStep?: (step: number, metrics: Metrics) => void
  /** Stores a state. Called every `save_steps` steps, and when a run is cancelled. */
  readonly onCheckpoint?: (state: TrainingState) => Promise<void>
  readonly save_steps?: number
  /** Stops the training, also within a step; what the step had computed is lost. */
  readonly signal?: AbortSignal
  /** The state to resume from. The engine must already hold its `weights`. */
  readonly resume?: TrainingState
}

export interface TrainingResult {
  /** The best weights with validation, else the last. */
  readonly weights: Tensors
  /** The step of those weights. */
  readonly step: number
  /** Optimiser steps done in all. */
  readonly steps: number
  /** Whether validation ended the run before max_steps. */
  readonly stoppedEarly: boolean
}

/**
 * Trains `target` (an adapter, or null for all base weights) on the sum of the terms. A resumed run ends with the same
 * weights as one that never stopped. When cancelled, saves a last checkpoint and throws the signal's reason. Throws
 * UserError when loss, gradient or weights are no longer numbers.
 */
export async function optimize(
  engine: Engine,
  target: AdapterName,
  terms: readonly Term[],
  options: TrainingOptions,
  hooks: TrainingHooks = {},
  validation?: Validation,
): Promise<TrainingResult> {
  const { resume, signal, save_steps = Number.POSITIVE_INFINITY } = hooks
  await engine.train(target)
  if (resume !== undefined) await engine.setOptimizerState(resume.optimizer)
  let step = resume?.step ?? 0
  let num_tokens = resume?.num_tokens ?? 0
  let best = resume?.best ?? null
  const together = goTogether(terms)

  const weights = () => (target === null ? engine.baseWeights() : engine.adapterWeights(target))
  const save = async () => {
    if (hooks.onCheckpoint === undefined) return
    await hooks.onCheckpoint({
      step,
      weights: await weights(),
      optimizer: await engine.optimizerState(),
      num_tokens,
      best,
    })
  }
  const improves = () =>
    validation === undefined || best === null || step - best.step < validation.patience * validation.eval_steps

  while (step < options.max_steps && improves()) {
    if (signal?.aborted) {
      await save()
      throw signal.reason
    }
    const began = performance.now()
    let computed: { readonly reports: readonly TermReport[]; readonly tokens: number }
    try {
      computed = await accumulate(engine, terms, together, step, signal)
    } catch (error) {
      if (signal?.aborted) await save()
      throw error
    }
    const { reports, tokens } = computed
    const learning_rate = learningRate(step, options)
    const loss = reports.reduce((sum, report) => sum + report.loss, 0)
    demandFinite(loss, step)
    const { grad_norm } = await engine.step({ ...ADAM, ...options, learning_rate })
    step++
    num_tokens += tokens
    let metrics: Metrics = {
      ...Object.assign({}, ...reports.map((report) => report.metrics)),
      loss,
      grad_norm,
      learning_rate,
      num_tokens,
      tokens_per_second: (tokens / (performance.now() - began)) * 1000,
    }
    if (validation !== undefined && (step % validation.eval_steps === 0 || step === options.max_steps)) {
      const evaluation = await validation.evaluate(signal)
      demandFinite(evaluation.eval_loss, step - 1)
      metrics = { ...metrics, ...evaluation }
      if (best === null || evaluation.eval_loss < best.eval_loss) {
        best = { step, eval_loss: evaluation.eval_loss, weights: await weights() }
      }
    }
    hooks.onStep?.(step, metrics)
    if (step % save_steps === 0) await save()
  }
  const result = best?.weights ?? (await weights())
  for (const { data } of result.values()) {
    if (!data.every(Number.isFinite)) throw new UserError('weightsNotFinite', { step: best?.step ?? step })
  }
  return {
    weights: result,
    step: best?.step ?? step,
    steps: step,
    stoppedEarly: step < options.max_steps,
  }
}

/** Throws UserError if the loss of a step, counted from 0, is not a number. */
export function demandFinite(loss: number, step: number): void {
  if (!Number.isFinite(loss)) throw new UserError('lossNotFinite', { loss, step: step + 1 })
}

/** PyTorch's defaults. */
const ADAM = { adam_beta1: 0.9, adam_beta2: 0.999, adam_epsilon: 1e-8 }
