/** Golden samples in the form of TRL's SFT trainer: prompt and completion as messages, one JSON object per line. */
import { z } from 'zod'
import type { ChatMessage } from '../agent/prompt.ts'
import { answer, answerSchema, type Line, messagesSchema, parseJsonLines, readText, writeJsonLines } from './trl.ts'

/** The source of samples that a person recorded. All of them are trained on. */
export const BY_HAND = 'hand'

/** One step to imitate. */
export interface GoldenSample {
  readonly prompt: readonly ChatMessage[]
  readonly completion: string
  /** Task and seed of the page's problem, and the step in its episode; null where the file does not say. */
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
  /** Who recorded it: 'expert' for the scripted experts, BY_HAND for a person. */
  readonly source: string | null
}

const sampleSchema = z
  .object({
    prompt: messagesSchema,
    completion: answerSchema,
    task: z.string().nullable().default(null),
    seed: z.int().nullable().default(null),
    step: z.int().nullable().default(null),
    source: z.string().nullable().default(null),
  })
  .readonly()

/** Replaces the samples of a file, completely or not at all. Throws UserError where it cannot be written. */
export function writeGoldenData(path: string, samples: readonly GoldenSample[]): void {
  writeJsonLines(
    path,
    samples.map((sample) => ({ ...sample, completion: answer(sample.completion) })),
  )
}

/**
 * Reads a file of golden samples; an empty list where it is missing. Throws UserError with file, line and key of bad
 * lines.
 */
export function readGoldenData(path: string): GoldenSample[] {
  return readGoldenLines(path).map(({ value }) => value)
}

/** The same, each with its line in the file. */
export function readGoldenLines(path: string): Line<GoldenSample>[] {
  return parseJsonLines(readText(path) ?? '', path, sampleSchema)
}

export interface GoldenSplit {
  readonly train: GoldenSample[]
  readonly heldOut: GoldenSample[]
}

/**
 * Splits samples: of each of `tasks` the first `perTask` problems for training, and the next `heldOutPerTask` held out.
 * Samples without task or seed are all trained on, and so are samples of these tasks that were recorded by hand. All
 * other samples are left out.
 */
export function splitGolden(
  samples: readonly GoldenSample[],
  tasks: readonly string[],
  perTask: number,
  heldOutPerTask: number,
): GoldenSplit {
  const isOwn = ({ task, seed, source }: GoldenSample) =>
    task === null || seed === null || (source === BY_HAND && tasks.includes(task))
  const split: GoldenSplit = { train: samples.filter(isOwn), heldOut: [] }
  for (const task of tasks) {
    const own = samples.filter((sample) => sample.task === task && !isOwn(sample))
    const seeds = [...new Set(own.map(({ seed }) => seed))]
    for (const sample of own) {
      const place = seeds.indexOf(sample.seed)
      if (place < perTask) split.train.push(sample)
      else if (place < perTask + heldOutPerTask) split.heldOut.push(sample)
    }
  }
  return split
}
