/** Preference pairs in TRL's conversational form, one JSON object per line. */
import { z } from 'zod'
import { SYSTEM_PROMPT } from '../agent/prompt.ts'
import { says } from '../config/demand.ts'
import { type Pair, pairMessages } from './pairs.ts'
import { answer, answerSchema, jsonLines, messagesSchema, parseJsonLines } from './trl.ts'

/** The parts of a pair that are written. */
export type WrittenPair = Pick<Pair, 'prompt' | 'chosen' | 'rejected' | 'task' | 'seed' | 'step'>

/** A pair in a file. Task, seed and step are known only where the file names them. */
export interface FilePair {
  /** Its line in the file, counted from 1. */
  readonly line: number
  /** The user's message. */
  readonly prompt: string
  readonly chosen: string
  readonly rejected: string
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
}

/** Pairs as `{"prompt": [messages], "chosen": [message], "rejected": [message], "task", "seed", "step"}` lines. */
export function preferenceText(pairs: readonly WrittenPair[]): string {
  return jsonLines(
    pairs.map((pair) => ({
      prompt: pairMessages(pair),
      chosen: answer(pair.chosen),
      rejected: answer(pair.rejected),
      ...placeOf(pair),
    })),
  )
}

/**
 * Pairs in TRL's unpaired form for KTO, `{"prompt", "completion", "label"}`, with each distinct completion once. A
 * completion that is chosen in one pair and rejected in another has no label and is left out.
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
      ...placeOf(pair),
    })),
  )
}

function placeOf({ task, seed, step }: WrittenPair) {
  return { task, seed, step }
}

/**
 * The pairs of a text in TRL's preference form. The lab puts its own system message before every prompt, so prompts
 * must have that message or none. Lines may have other keys. Throws UserError with line and key; `file` is its name in
 * errors.
 */
export function parsePreferences(text: string, file: string): FilePair[] {
  return parseJsonLines(text, file, pairSchema).map(({ line, value }) => ({ line, ...value }))
}

const pairSchema = z
  .object({
    prompt: messagesSchema.transform((messages, context) => {
      const [user, ...more] = messages[0]?.content === SYSTEM_PROMPT ? messages.slice(1) : messages
      if (user?.role === 'user' && more.length === 0) return user.content
      context.addIssue({ code: 'custom', message: says('mustBeUserMessage') })
      return z.NEVER
    }),
    chosen: answerSchema,
    rejected: answerSchema,
    task: z.string().min(1).nullable().default(null),
    seed: z.int().min(0).nullable().default(null),
    step: z.int().min(0).nullable().default(null),
  })
  .refine(({ chosen, rejected }) => chosen !== rejected, says('hasSameTexts'))
