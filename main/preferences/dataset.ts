/** Preference files as TRL reads them: conversational form, one JSON object a line. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Message } from '../agent/prompt.ts'
import { UserError } from '../config/error.ts'
import { writeFileAtomic } from '../store/file.ts'
import { type Pair, pairMessages } from './pairs.ts'

/** One line of a preference file: what training needs, and where it came from as far as the file says. */
export interface PreferenceRecord {
  readonly prompt: readonly Message[]
  readonly chosen: string
  readonly rejected: string
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
}

const message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
const answer = z
  .tuple([z.strictObject({ role: z.literal('assistant'), content: z.string().min(1) })], {
    error: 'must be a list of one assistant message',
  })
  .transform(([{ content }]) => content)

/** Other keys may stand in a line; TRL leaves them alone, and so does this. */
const recordSchema = z
  .object({
    prompt: z.array(message, 'must be a list of messages').min(1),
    chosen: answer,
    rejected: answer,
    task: z.string().nullish(),
    seed: z.int().nullish(),
    step: z.int().nullish(),
  })
  .refine(({ chosen, rejected }) => chosen !== rejected, 'chosen and rejected are the same text')

/**
 * Writes pairs as `{"prompt": [messages], "chosen": [message], "rejected": [message], "task", "seed", "step"}` lines in
 * place of what stood there, all or nothing. Throws UserError where it cannot be written.
 */
export function writePreferenceData(path: string, pairs: readonly Pair[]): void {
  writeLines(
    path,
    pairs.map((pair) => ({
      prompt: pairMessages(pair),
      chosen: assistant(pair.chosen),
      rejected: assistant(pair.rejected),
      task: pair.task,
      seed: pair.seed,
      step: pair.step,
    })),
  )
}

/**
 * Writes pairs in TRL's unpaired form for KTO, `{"prompt", "completion", "label"}`: each distinct completion once. One
 * that is chosen in one pair and rejected in another has no label and is left out.
 */
export function writeKtoData(path: string, pairs: readonly Pair[]): void {
  const lines = new Map<string, { pair: Pair; completion: string; labels: Set<boolean> }>()
  for (const pair of pairs) {
    for (const label of [true, false]) {
      const completion = label ? pair.chosen : pair.rejected
      const key = JSON.stringify([pair.prompt, completion])
      const line = lines.get(key) ?? { pair, completion, labels: new Set() }
      line.labels.add(label)
      lines.set(key, line)
    }
  }
  const clear = [...lines.values()].filter(({ labels }) => labels.size === 1)
  writeLines(
    path,
    clear.map(({ pair, completion, labels }) => ({
      prompt: pairMessages(pair),
      completion: assistant(completion),
      label: labels.has(true),
      task: pair.task,
      seed: pair.seed,
      step: pair.step,
    })),
  )
}

/** Reads a preference file. Throws a UserError naming file, line and key where a line is not one. */
export async function readPreferenceData(path: string): Promise<PreferenceRecord[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      error.code === 'ENOENT'
        ? `${path} does not exist; run the collect stage, or set paths.preference_data.`
        : `${path} cannot be read (${error.code}).`,
    )
  })
  const records = text
    .split('\n')
    .map((line, i) => ({ line, place: `${path}, line ${i + 1}` }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, place }) => readRecord(line, place))
  if (records.length === 0) throw new UserError(`${path} holds no pairs; run the collect stage.`)
  return records
}

function readRecord(line: string, place: string): PreferenceRecord {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw new UserError(`${place}: this line is not whole JSON; mend or delete it.`)
  }
  const parsed = recordSchema.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw new UserError(`${place}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}; mend or delete the line.`)
  }
  const { prompt, chosen, rejected, task, seed, step } = parsed.data
  return { prompt, chosen, rejected, task: task ?? null, seed: seed ?? null, step: step ?? null }
}

function assistant(content: string): Message[] {
  return [{ role: 'assistant', content }]
}

function writeLines(path: string, lines: readonly object[]): void {
  writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}
