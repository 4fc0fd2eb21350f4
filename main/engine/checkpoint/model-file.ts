/** Reads and checks JSON files and tensors of model and adapter folders. Every error in them is a UserError. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { demand, dotted } from '../../config/demand.ts'
import { refusePipe } from '../../files/read.ts'
import { UserError } from '../../messages/error.ts'
import type { Message } from '../../messages/message.ts'
import { reasonOf } from '../../messages/reason.ts'

/** The text of a file; undefined if there is none. */
export async function readOptional(file: string): Promise<string | undefined> {
  try {
    refusePipe(file)
    return await readFile(file, 'utf8')
  } catch (error) {
    return refused(file, error)
  }
}

/** The same, for callers that cannot wait. */
export function readOptionalSync(file: string): string | undefined {
  try {
    refusePipe(file)
    return readFileSync(file, 'utf8')
  } catch (error) {
    return refused(file, error)
  }
}

function refused(file: string, error: unknown): undefined {
  // ENOTDIR: the path leads through a file.
  if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
  throw new UserError('fileUnreadable', { file, reason: reasonOf(error) })
}

/**
 * Parses a file's text as JSON of the given form; `cure` says what to do if it has another form. `keyOf` returns how errors call a
 * key.
 * @throws UserError that names the file, the key, what is wrong with its value, and the cure.
 */
export function parseJsonFile<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
  cure: Message,
  keyOf?: (key: string) => string,
): z.output<Schema> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new UserError('fileNotJson', { file, reason: reasonOf(error) })
  }
  return parseValue(file, json, schema, cure, keyOf)
}

/** The same for a value that was read from the file. `keyOf` returns what the file calls a key. */
export function parseValue<Schema extends z.ZodType>(
  file: string,
  value: unknown,
  schema: Schema,
  cure: Message,
  keyOf: (key: string) => string = (key) => key,
): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  if (issue.path.length === 0) throw new UserError('fileWrong', { file, demand: demand(issue), cure })
  throw new UserError('fileKeyWrong', { file, key: keyOf(dotted(issue.path)), demand: demand(issue), cure })
}
