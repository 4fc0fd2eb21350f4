/** Reads values that the store keeps. A value that the lab never writes means damage, and is told as such. */
import { inspect } from 'node:util'
import { z } from 'zod'
import { UserError } from '../messages/error.ts'

/** Most letters of a wrong value that an error shows. */
const SHOWN = 40

/** A value of this form. Throws UserError where it has another; `column` says where it stands, such as runs.status. */
export function readValue<T>(schema: z.ZodType<T>, column: string, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  // JSON.stringify overflows on values that are deep.
  throw damaged(
    column,
    typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY }),
  )
}

/** The name of a file or folder, which leads to no other folder. Throws UserError as `readValue` does. */
export function readFileName(column: string, value: unknown): string {
  return readValue(fileName, column, value)
}

const fileName = z.string().refine((name) => !/[/\\\0]/.test(name) && !['', '.', '..'].includes(name))

/** A value of this form from its JSON. Throws UserError as `readValue` does. */
export function readJson<T>(schema: z.ZodType<T>, column: string, text: unknown): T {
  return readValue(schema, column, parseJson(column, text))
}

/** Any value from its JSON. Throws UserError for what is not JSON. */
export function parseJson(column: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    throw damaged(column, String(text))
  }
}

function damaged(column: string, text: string): UserError {
  const value = text.length > SHOWN ? text.slice(0, SHOWN) : text
  return new UserError('storeValueDamaged', { column, value })
}
