/** What data files in TRL's conversational form have in common: one JSON object a line, texts as chat messages. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Message } from '../agent/prompt.ts'
import { demand, dotted, says } from '../config/demand.ts'
import { writeFileAtomic } from '../files/file.ts'
import { UserError } from '../messages/error.ts'

const role = z.enum(['system', 'user', 'assistant'])

/** A prompt: a list of messages. */
export const messagesSchema = z
  .array(z.strictObject({ role, content: z.string() }), { error: says('mustBeMessages') })
  .min(1)

/** A completion: a list of one assistant message, read as its text. */
export const answerSchema = z
  .tuple([z.strictObject({ role: z.literal('assistant'), content: z.string().min(1) })], {
    error: says('mustBeOneAnswer'),
  })
  .transform(([{ content }]) => content)

/** A completion as it is written. */
export function answer(content: string): Message[] {
  return [{ role: 'assistant', content }]
}

/** One object a line. */
export function jsonLines(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('')
}

/** Writes one object a line in place of what stood there, all or nothing. Throws UserError where it cannot be written. */
export function writeJsonLines(path: string, objects: readonly object[]): void {
  writeFileAtomic(path, jsonLines(objects))
}

/**
 * Reads the objects of a file, leaving out empty lines; undefined where there is no file. Throws a UserError with file,
 * line and key where a line is not what the schema wants.
 */
export function readJsonLines<T>(path: string, schema: z.ZodType<T>): T[] | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new UserError('dataUnreadable', { path, code: code ?? '' })
  }
  return parseJsonLines(text, path, schema)
}

/** `readJsonLines` for a text; `file` is how errors name it. */
export function parseJsonLines<T>(text: string, file: string, schema: z.ZodType<T>): T[] {
  return text
    .replace(BYTE_ORDER_MARK, '')
    .split('\n')
    .flatMap((line, at) => (line.trim() === '' ? [] : [readLine(line, `${file}:${at + 1}`, schema)]))
}

/** Some editors put one before a text. */
const BYTE_ORDER_MARK = /^\uFEFF/

function readLine<T>(line: string, place: string, schema: z.ZodType<T>): T {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw new UserError('lineNotJson', { place })
  }
  const parsed = schema.safeParse(json, { reportInput: true })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const wrong = demand(issue)
  if (issue.path.length === 0) throw new UserError('lineWrong', { place, demand: wrong })
  throw new UserError('lineKeyWrong', { place, key: dotted(issue.path), demand: wrong })
}
