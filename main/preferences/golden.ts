/** Golden samples as TRL's SFT trainer reads them: prompt and completion as messages, one JSON object a line. */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Message } from '../agent/prompt.ts'
import { UserError } from '../config/error.ts'
import { writeFileAtomic } from '../store/file.ts'

/** One step that is worth imitating. */
export interface GoldenSample {
  readonly prompt: readonly Message[]
  readonly completion: string
  /** Task and seed of the page's problem, and the step in its episode; null where the file does not say. */
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
  /** Who did it: 'expert' for the lab's scripted ones. */
  readonly source: string | null
}

const sampleSchema = z
  .object({
    prompt: z
      .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }), {
        error: 'must be a list of messages',
      })
      .min(1),
    completion: z
      .tuple([z.strictObject({ role: z.literal('assistant'), content: z.string().min(1) })], {
        error: 'must be a list of one assistant message',
      })
      .transform(([{ content }]) => content),
    task: z.string().nullable().default(null),
    seed: z.int().nullable().default(null),
    step: z.int().nullable().default(null),
    source: z.string().nullable().default(null),
  })
  .readonly()

/** Writes samples in place of what stood there, all or nothing. Throws UserError where it cannot be written. */
export function writeGoldenData(path: string, samples: readonly GoldenSample[]): void {
  const lines = samples.map(({ completion, ...rest }) => ({
    ...rest,
    completion: [{ role: 'assistant', content: completion }],
  }))
  writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

/** Reads a file of golden samples; none where there is no file. Throws UserError with file, line and key of a bad line. */
export function readGoldenData(path: string): GoldenSample[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, at) => (line.trim() === '' ? [] : [readSample(line, `${path}:${at + 1}`)]))
}

function readSample(line: string, place: string): GoldenSample {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw new UserError(`${place}: this line is not whole JSON; mend or delete it.`)
  }
  const sample = sampleSchema.safeParse(json)
  if (sample.success) return sample.data
  const issue = sample.error.issues[0]
  const key = issue?.path.join('.') ?? ''
  throw new UserError(`${place}: ${key === '' ? '' : `${key} `}${issue?.message}; mend or delete the line.`)
}

export interface GoldenSplit {
  readonly train: GoldenSample[]
  readonly heldOut: GoldenSample[]
}

/**
 * Of each task the samples of its first `perTask` problems, and those of the next `heldOutPerTask`. Samples that name no
 * task or no seed are someone's own and always trained on; those of other tasks are left alone.
 */
export function splitGolden(
  samples: readonly GoldenSample[],
  tasks: readonly string[],
  perTask: number,
  heldOutPerTask: number,
): GoldenSplit {
  const split: GoldenSplit = { train: samples.filter(({ task, seed }) => task === null || seed === null), heldOut: [] }
  for (const task of tasks) {
    const own = samples.filter((sample) => sample.task === task && sample.seed !== null)
    const seeds = [...new Set(own.map(({ seed }) => seed))]
    for (const sample of own) {
      const place = seeds.indexOf(sample.seed)
      if (place < perTask) split.train.push(sample)
      else if (place < perTask + heldOutPerTask) split.heldOut.push(sample)
    }
  }
  return split
}
