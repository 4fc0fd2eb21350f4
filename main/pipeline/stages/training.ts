/**
 * Runs trainings so that they survive a kill: metrics and checkpoints are stored, and the finished adapter is saved to
 * its folder.
 */
import { z } from 'zod'
import { saveAdapter } from '../../engine/adapter/adapter.ts'
import { type BaseModel, fingerprintOf } from '../../engine/adapter/base-identity.ts'
import { checkTensors } from '../../engine/checkpoint/check-tensors.ts'
import { readSafetensors, writeSafetensors } from '../../engine/checkpoint/safetensors.ts'
import type { Engine, LoraConfig, Tensor, Tensors } from '../../engine/engine.ts'
import { freeTensors, moveAdapter } from '../../engine/free.ts'
import type { Shapes } from '../../engine/weights.ts'
import { armName } from '../../evaluation/arms.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { readValue } from '../../store/values.ts'
import type { TrainingHooks, TrainingResult, TrainingState } from '../../training/optimize.ts'
import { hasAdapter } from '../artifacts.ts'
import type { StageContext } from '../stage.ts'

/** Optimiser steps between two checkpoints. A kill loses at most these. */
const SAVE_STEPS = 10

export interface KeptTraining {
  readonly engine: Engine
  /** The arm's name in the store. */
  readonly arm: string
  readonly lora: LoraConfig
  /** The adapter's first weights. They are freed once the engine has them. */
  readonly weights: () => Tensors | Promise<Tensors>
  readonly maxSteps: number
  /** The number of steps of the stage's other trainings, before and after this one. */
  readonly others?: { readonly before: number; readonly after: number }
  /** The folder for the trained adapter. */
  readonly folder: string
  readonly baseModelName: string
  /** The base model's checkpoint, to which the saved adapter is bound; null if it has none. */
  readonly base: BaseModel | null
  /** The prompt that it learns to answer, by its name. */
  readonly promptName: string
  /** Trains the adapter with this name. */
  train(adapter: string, hooks: TrainingHooks): Promise<TrainingResult>
}

/** Whether an arm's adapter is saved. If so, drops the checkpoint that a kill right after the saving has left. */
export function isTrained({ store, arm: keyOf }: StageContext, arm: string, folder: string): boolean {
  const isSaved = hasAdapter(folder)
  if (isSaved) store.checkpoints.drop(keyOf(arm))
  return isSaved
}

/** Trains an adapter, from its checkpoint where it has one, and saves it. */
export async function trainAdapter(context: StageContext, training: KeptTraining): Promise<TrainingResult> {
  const { engine, arm, lora, maxSteps, others = { before: 0, after: 0 } } = training
  const total = others.before + maxSteps + others.after
  const tell = (step: number) =>
    context.progress(others.before + step, total, message('unitSteps', { arm: armName(arm) }))
  const key = context.arm(arm)
  const resume = await readState(context, training)
  const adapter = 'in training'
  await moveAdapter(engine, adapter, lora, resume?.weights ?? (await training.weights()))
  try {
    tell(resume?.step ?? 0)
    const result = await training.train(adapter, {
      signal: context.signal,
      save_steps: SAVE_STEPS,
      ...(resume === undefined ? {} : { resume }),
      onStep(step, metrics) {
        context.metrics(arm, step, metrics)
        tell(step)
      },
      async onCheckpoint(state) {
        const { best, step, num_tokens, optimizer } = state
        const rest = {
          num_tokens,
          optimizer_step: optimizer.step,
          best: best && { step: best.step, eval_loss: best.eval_loss },
        }
        context.store.checkpoints.save(key, step, rest, (file) => writeSafetensors(file, tensorsOf(state)))
        for (const written of [state.weights, optimizer.exp_avg, optimizer.exp_avg_sq]) freeTensors(written)
      },
    })
    const { folder, baseModelName, base, promptName: prompt } = training
    const fingerprint = base === null ? null : await fingerprintOf(base)
    await saveAdapter(folder, lora, result.weights, baseModelName, { fingerprint, prompt })
    context.store.checkpoints.drop(key)
    return result
  } finally {
    await engine.removeAdapter(adapter)
  }
}

const PARTS = ['weights', 'exp_avg', 'exp_avg_sq', 'best'] as const

const restSchema = z.strictObject({
  num_tokens: z.int().nonnegative(),
  optimizer_step: z.int().nonnegative(),
  best: z.strictObject({ step: z.int().nonnegative(), eval_loss: z.number() }).nullable(),
})

/** A state's tensors in one map, under the names of its parts. */
function tensorsOf({ weights, optimizer, best }: TrainingState): Tensors {
  const parts = { weights, exp_avg: optimizer.exp_avg, exp_avg_sq: optimizer.exp_avg_sq, best: best?.weights }
  return new Map(
    PARTS.flatMap((part) =>
      [...(parts[part] ?? [])].map(([name, tensor]): [string, Tensor] => [`${part}/${name}`, tensor]),
    ),
  )
}

/** The state in the training's checkpoint; undefined where it has none. Throws UserError for one that is damaged. */
async function readState(context: StageContext, { arm, weights }: KeptTraining): Promise<TrainingState | undefined> {
  const kept = context.store.checkpoints.get(context.arm(arm))
  if (kept === undefined) return undefined
  const { num_tokens, optimizer_step, best } = readValue(restSchema, 'checkpoints.state', kept.state)
  const first = await weights()
  const shapes: Shapes = new Map([...first].map(([name, { shape }]) => [name, shape]))
  freeTensors(first)
  try {
    const tensors = await readSafetensors(kept.file)
    const part = (name: (typeof PARTS)[number]): Tensors => {
      const own = [...tensors].filter(([key]) => key.startsWith(`${name}/`))
      const found = new Map(own.map(([key, tensor]): [string, Tensor] => [key.slice(name.length + 1), tensor]))
      checkTensors(found, shapes, () => kept.file)
      return found
    }
    return {
      step: kept.step,
      weights: part('weights'),
      optimizer: { step: optimizer_step, exp_avg: part('exp_avg'), exp_avg_sq: part('exp_avg_sq') },
      num_tokens,
      best: best === null ? null : { ...best, weights: part('best') },
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError('trainingCheckpointDamaged', { path: kept.file, why: error.messages })
  }
}
