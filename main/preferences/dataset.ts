/** Preference files as TRL reads them: conversational form, one JSON object a line. */
import { z } from 'zod'
import { type Message, SYSTEM_PROMPT } from '../agent/prompt.ts'
import { says } from '../config/demand.ts'
import { writeFileAtomic } from '../files/file.ts'
import { UserError } from '../messages/error.ts'
import { type Pair, pairMessages } from './pairs.ts'
import {
  answer,
  answerSchema,
  jsonLines,
  messagesSchema,
  parseJsonLines,
  readJsonLines,
  writeJsonLines,
} from './trl.ts'

/** One line of a preference file: what training needs, and where it came from as far as the file says. */
export interface PreferenceRecord {
  readonly prompt: readonly Message[]
  readonly chosen: string
  readonly rejected: string
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
}

/** What is written of a pair. */
export type WrittenPair = Pick<Pair, 'prompt' | 'chosen' | 'rejected' | 'task' | 'seed' | 'step'>

/** Other keys may stand in a line; TRL leaves them alone, and so does this. */
const recordSchema = z
  .object({
    prompt: messagesSchema,
    chosen: answerSchema,
    rejected: answerSchema,
    task: z.string().nullable().default(null),
    seed: z.int().nullable().default(null),
    step: z.int().nullable().default(null),
  })
  .refine(({ chosen, rejected }) => chosen !== rejected, says('hasSameTexts'))

/**
 * Writes pairs in TRL's preference form in place of what stood there, all or nothing. Throws UserError where it cannot
 * be written.
 */
export function writePreferenceData(path: string, pairs: readonly WrittenPair[]): void {
  writeFileAtomic(path, preferenceText(pairs))
}

/** Writes what `readPreferenceData` read, all or nothing. Throws UserError where it cannot be written. */
export function writePreferenceRecords(path: string, records: readonly PreferenceRecord[]): void {
  writeJsonLines(
    path,
    records.map((record) => ({ ...record, chosen: answer(record.chosen), rejected: answer(record.rejected) })),
  )
}

/** Pairs as `{"prompt": [messages], "chosen": [message], "rejected": [message], "task", "seed", "step"}` lines. */
export function preferenceText(pairs: readonly WrittenPair[]): string {
  return jsonLines(
    pairs.map((pair) => ({
      prompt: pairMessages(pair),
      chosen: answer(pair.chosen),
      rejected: answer(pair.rejected),
      task: pair.task,
      seed: pair.seed,
      step: pair.step,
    })),
  )
}

/**
 * Pairs in TRL's unpaired form for KTO, `{"prompt", "completion", "label"}`: each distinct completion once. One that is
 * chosen in one pair and rejected in another has no label and is left out.
 */
export function ktoText(pairs: readonly WrittenPair[]): string {
  const lines = new Map<string, { pair: WrittenPair; completion: string; labels: Set<boolean> }>()
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
  return jsonLines(
    clear.map(({ pair, completion, labels }) => ({
      prompt: pairMessages(pair),
      completion: answer(completion),
      label: labels.has(true),
      task: pair.task,
      seed: pair.seed,
      step: pair.step,
    })),
  )
}

/**
 * Reads a preference file. Throws a UserError with file, line and key where a line is not a pair, and where there is
 * no file or no pair in it.
 */
export function readPreferenceData(path: string): PreferenceRecord[] {
  const records = readJsonLines(path, recordSchema)
  if (records === undefined) {
    throw new UserError(`${path} does not exist; run the collect stage, or set paths.preference_data.`)
  }
  if (records.length === 0) throw new UserError(`${path} holds no pairs; run the collect stage.`)
  return records
}

/** A pair that comes into the lab: the user's message of its prompt, and where it came from as far as the file says. */
export interface BroughtPair extends Omit<PreferenceRecord, 'prompt'> {
  readonly prompt: string
}

/**
 * Pairs of a text in TRL's preference form, for bringing them into the lab. It puts its own system message before every
 * prompt, so theirs must have that or none. Throws UserError with line and key; `file` is how it names them.
 */
export function parsePreferenceData(text: string, file: string): BroughtPair[] {
  return parseJsonLines(text, file, broughtSchema)
}

const broughtSchema = z
  .object({
    prompt: messagesSchema.transform((messages, context) => {
      const [user, ...more] = messages[0]?.content === SYSTEM_PROMPT ? messages.slice(1) : messages
      if (user?.role === 'user' && more.length === 0) return user.content
      context.addIssue({
        code: 'custom',
        message: says('mustBeUserMessage'),
      })
      return z.NEVER
    }),
    chosen: answerSchema,
    rejected: answerSchema,
    task: z.string().min(1).nullable().default(null),
    seed: z.int().min(0).nullable().default(null),
    step: z.int().min(0).nullable().default(null),
  })
  .refine(({ chosen, rejected }) => chosen !== rejected, says('hasSameTexts'))
