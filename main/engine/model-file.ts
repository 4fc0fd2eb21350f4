/** JSON files of model and adapter folders, read with one sentence for whatever is wrong with them. */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { UserError } from '../config/error.ts'

/** The text of a file, or undefined where there is none. */
export async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * Parses a file's text as JSON of the given form.
 * @throws UserError that names the file, the key and what is wrong with its value.
 */
export function parseJsonFile<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new UserError(`${file} is not JSON (${(error as Error).message}); copy it again from where it came from.`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const key = issue.path.length === 0 ? '' : ` ${issue.path.join('.')}:`
  throw new UserError(`${file}:${key} ${issue.message}`)
}
