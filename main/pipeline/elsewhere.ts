/** The records that go with a training to other machines, and come back with its adapter. */
import { z } from 'zod'
import type { LoraConfig } from '../engine/engine.ts'

/** In an export: what the adapter that comes back belongs to. */
export const PLAN_FILE = 'lab.json'
/** Beside the adapter that comes back; train.py writes it. */
export const RECORD_FILE = 'trained.json'

const loraSchema = z.object({
  r: z.number(),
  lora_alpha: z.number(),
  use_rslora: z.boolean(),
  target_modules: z.array(z.string()),
  layers_to_transform: z.array(z.number()).nullable().default(null),
  /** Of adapters whose modules differ: rank and alpha by the module's name. */
  modules: z.record(z.string(), z.object({ r: z.number(), lora_alpha: z.number() })),
})
export type LoraShape = z.output<typeof loraSchema>

export const planSchema = z.object({
  format: z.literal('dpo-driver trl 1'),
  /** The run and round that collected the pairs, and when that run began, in milliseconds since 1970: its lab is known by it. */
  run: z.int(),
  round: z.int(),
  started: z.number(),
  pairs: z.int(),
  /** The adapter that training starts from, as people know it. */
  reference: z.string(),
  base: z.object({ name: z.string(), fingerprint: z.string() }),
  /** The name of the prompt. */
  prompt: z.string(),
  lora: loraSchema,
  /** Weights of the two terms that TRL does not have. */
  imitation: z.number(),
  replay: z.number(),
})
export type Plan = z.output<typeof planSchema>

/** The name of a figure. Trackers make files of these names. */
const figure = z.string().regex(/^[A-Za-z_]+(\/[A-Za-z_]+)?$/)
/** A text that is shown in one line. */
const short = z.string().max(1000)

export const recordSchema = z.object({
  lab: planSchema,
  /** The command line of train.py: options that differ from those of the export. */
  arguments: z.array(short).max(200),
  /** Versions of the libraries. */
  libraries: z.record(short, short),
  processes: z.int().positive(),
  steps: z.int().positive(),
  /** TRL's figures; each has its `step`. */
  log: z.array(z.record(figure, z.number())).max(1_000_000),
})
export type TrainingRecord = z.output<typeof recordSchema>

/** What an adapter adapts, in a form that can be compared. */
export function loraShape({
  r,
  lora_alpha,
  use_rslora = false,
  target_modules,
  layers_to_transform = null,
  modules,
}: LoraConfig): LoraShape {
  return {
    r,
    lora_alpha,
    use_rslora,
    target_modules: [...target_modules].sort(),
    layers_to_transform: layers_to_transform && [...layers_to_transform],
    modules: Object.fromEntries([...(modules ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}
