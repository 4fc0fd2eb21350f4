/** Procedures for machine, model and settings: what a person wants to know before a run. */

import { statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { planOnCard } from '../capacity/card.ts'
import { planLeast } from '../capacity/forecast.ts'
import { usualLengths } from '../capacity/lengths.ts'
import { planMemory } from '../capacity/memory.ts'
import type { Config } from '../config/schema.ts'
import { architectureOf } from '../engine/architecture.ts'
import { addonProblem } from '../engine/auto.ts'
import { readModelConfig } from '../engine/checkpoint/model-files.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { engineOf } from '../engine/engine-of.ts'
import { isOnHub, resolveModel } from '../engine/load.ts'
import { memoryHere, processorHere, processorsHere } from '../engine/machine.ts'
import { checkpointShapes, countNumbers } from '../engine/weights.ts'
import { shownPath } from '../files/paths.ts'
import { VERSION } from '../files/version.ts'
import { UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { miniwobFolder } from '../pipeline/resources.ts'
import { procedure, router } from './trpc.ts'

export interface MachineStatus {
  readonly processor: string
  readonly cores: number
  /** Bytes. */
  readonly memory: { readonly total: number; readonly available: number; readonly used: number }
  /** Free bytes on the disk of the store. */
  readonly disk: number
  readonly platform: string
  readonly node: string
}

export interface ModelStatus {
  readonly name: string
  readonly folder: string | null
  readonly architecture: ModelConfig | null
  readonly parameters: number | null
  /** Whether the first run that needs the model will download it. */
  readonly download: boolean
  /** Why the model cannot be used, and what to do; null where it can. */
  readonly problem: readonly Message[] | null
}

export interface EngineStatus {
  /** The value in the configuration. */
  readonly setting: string
  /** Why the native engine is not available; null where it is. */
  readonly nativeProblem: Message | null
}

export const statusRouter = router({
  get: procedure.query(async ({ ctx }) => {
    const config = ctx.settings.read()
    const { path } = ctx.lab.store
    const miniwob = miniwobFolder(config)
    return {
      version: VERSION,
      project: config.project,
      rounds: config.flywheel.rounds,
      config: ctx.settings.shown,
      store: { path: shownPath(path), bytes: statSync(path).size },
      machine: await machine(path),
      model: model(config),
      engine: { setting: config.model.engine, nativeProblem: addonProblem() } satisfies EngineStatus,
      /** Folder of the benchmark's pages; null where only the lab's own tasks are available. */
      miniwob: miniwob === undefined ? null : shownPath(miniwob),
      job: ctx.jobs.state,
      /** Whether this window may only look. */
      readOnly: ctx.readOnly === true,
    }
  }),

  /**
   * Estimated peak memory of a step of SFT or DPO with the configured model, by part, and this machine's memory, in
   * bytes; and the format of the weights. `least`: the estimate is a lower bound. `prompt` and `completion` are lengths
   * in tokens, by default the usual ones of the configuration.
   */
  memory: procedure
    .input(
      z.object({
        stage: z.enum(['sft', 'collect', 'dpo', 'evaluate']).default('dpo'),
        prompt: z.int().min(1).optional(),
        completion: z.int().min(1).optional(),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { stage } = input
      const trained = stage === 'sft' ? 'sft' : 'dpo'
      const config = ctx.settings.read()
      const usual = usualLengths(config, architectureOf(config.model.base_model_name))
      const { prompt = usual.prompt, completion = usual.completion } = input
      const engine = await engineOf(config)
      if (engine === 'webgpu') {
        const { question, estimate, generation, card } = await planOnCard(config, prompt, completion, trained)
        const planned = stage === trained ? estimate : { ...generation, saving: 0 }
        const { total, saving, logits: _, process: __, ...parts } = planned
        return {
          parts: Object.entries(parts).map(([part, bytes]) => ({ part, bytes })),
          needed: total,
          saving,
          available: card?.memory ?? null,
          precision: question.precision,
          gradientCheckpointing: question.gradientCheckpointing,
          least: false,
        }
      }
      if (engine !== 'native') {
        const { estimate, free } = await planLeast(config, prompt, completion)
        const { total, ...parts } = estimate
        return {
          parts: Object.entries(parts).map(([part, bytes]) => ({ part, bytes })),
          needed: total,
          saving: 0,
          available: free,
          precision: 'fp32',
          gradientCheckpointing: false,
          least: true,
        }
      }
      const plan = planMemory(config, prompt, completion, trained)
      const { question, free } = plan
      // Collecting and evaluating only generate. They save no checkpoints.
      const { total, saving, ...parts } = stage === trained ? plan.estimate : { ...plan.generation, saving: 0 }
      return {
        parts: Object.entries(parts).map(([part, bytes]) => ({ part, bytes })),
        needed: total,
        /** Needed in addition while a checkpoint is saved. */
        saving,
        available: free,
        precision: question.precision,
        gradientCheckpointing: question.gradientCheckpointing,
        least: false,
      }
    }),
})

async function machine(store: string): Promise<MachineStatus> {
  const { bavail, bsize } = await statfs(dirname(store))
  return {
    processor: processorHere(),
    cores: processorsHere(),
    memory: { ...memoryHere(), used: process.memoryUsage.rss() },
    disk: bavail * bsize,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  }
}

function model({ model: { base_model_name: name } }: Config): ModelStatus {
  try {
    const folder = resolveModel(name)
    const architecture = readModelConfig(folder)
    const parameters = countNumbers(checkpointShapes(architecture))
    return { name, folder: shownPath(folder), architecture, parameters, download: false, problem: null }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const download = isOnHub(name)
    const problem = download ? null : error.messages
    return { name, folder: null, architecture: null, parameters: null, download, problem }
  }
}
