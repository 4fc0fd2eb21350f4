/** The common form of data files for TRL: conversational, one JSON object per line, texts as chat messages. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { ChatMessage } from '../agent/prompt.ts'
import { demand, dotted, says } from '../config/demand.ts'
import { writeFileAtomic } from '../files/file.ts'
import { refusePipe } from '../files/read.ts'
import { cutShort } from '../messages/cut.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'

const role = z.enum(['system', 'user', 'assistant'])

/** A prompt: a list of messages. */
export const messagesSchema = z
  .array(z.strictObject({ role, content: z.string() }), { error: says('mustBeMessages') })
  .min(1)

/** A completion: a list of one assistant message, parsed to its text. */
export const answerSchema = z
  .tuple([z.strictObject({ role: z.literal('assistant'), content: z.string().min(1) })], {
    error: says('mustBeOneAnswer'),
  })
  .transform(([{ content }]) => content)

/** A completion in the written form. */
export function answer(content: string): ChatMessage[] {
  return [{ role: 'assistant', content }]
}

/** One JSON object per line. */
export function jsonLines(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('')
}

/**
 * Replaces a file by one JSON object per line, completely or not at all. Throws UserError where it cannot be written.
 */
export function writeJsonLines(path: string, objects: readonly object[]): void {
  writeFileAtomic(path, jsonLines(objects))
}

/** The text of a data file; undefined where it is missing. Throws UserError where it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    refusePipe(path)
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new UserError('dataUnreadable', { path, code })
  }
}

/** The value of a line in a file; lines count from 1. */
export interface Line<T> {
  readonly line: number
  readonly value: T
}

/**
 * The objects of a text, without empty lines; `file` is its name in errors. Throws a UserError with file, line and key
 * of every line that does not fit the schema.
 */
export function parseJsonLines<T>(text: string, file: string, schema: z.ZodType<T>): Line<T>[] {
  const lines: Line<T>[] = []
  const wrong: Message[] = []
  for (const [at, line] of text.replace(BYTE_ORDER_MARK, '').split('\n').entries()) {
    if (line.trim() === '') continue
    const read = readLine(line, `${file}:${at + 1}`, schema)
    if ('wrong' in read) wrong.push(read.wrong)
    else lines.push({ line: at + 1, value: read.value })
  }
  if (wrong.length > 0) throw new UserError(cutShort(wrong))
  return lines
}

/** Some editors put one at the start of a text. */
const BYTE_ORDER_MARK = /^\uFEFF/

function readLine<T>(line: string, place: string, schema: z.ZodType<T>): { value: T } | { wrong: Message } {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return { wrong: message('lineNotJson', { place }) }
  }
  const parsed = schema.safeParse(json, { reportInput: true })
  if (parsed.success) return { value: parsed.data }
  const issue = parsed.error.issues[0]!
  const key = dotted(issue.path)
  const wanted = { place, demand: demand(issue) }
  return { wrong: key === '' ? message('lineWrong', wanted) : message('lineKeyWrong', { ...wanted, key }) }
}
