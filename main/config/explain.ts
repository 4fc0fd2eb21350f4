/** Turns zod's issues into messages for the author of the configuration. */
import type { z } from 'zod'
import { type Message, message, type Value } from '../messages/message.ts'
import { demand, dotted, type Key } from './demand.ts'
import { nearest } from './nearest.ts'
import { configSchema } from './schema.ts'

/**
 * Messages for one of zod's issues: place, key, required value, present value. For an unknown key they name what was
 * probably meant. `place` returns the position of a path in the file, whose keys are those of `schema`.
 */
export function explain(
  issue: z.core.$ZodIssue,
  place: (path: readonly Key[]) => Value,
  schema: z.ZodType = configSchema,
): Message[] {
  const path = issue.path as Key[]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(schema, path, key, place([...path, key])))
  }
  const value = JSON.stringify(issue.input) ?? 'undefined'
  return [message('configValueWrong', { place: place(path), key: dotted(path), demand: demand(issue), value })]
}

/**
 * Names what was probably meant by an unknown key: a similar key of the same group, or the same key of another group.
 */
function unknownKey(schema: z.ZodType, path: readonly Key[], name: string, place: Value): Message {
  const key = dotted([...path, name])
  const keys = keyPaths(schema)
  const group = path.join('.')
  const siblings = keys
    .filter((candidate) => candidate.split('.').slice(0, -1).join('.') === group)
    .map((sibling) => sibling.split('.').at(-1) ?? '')
  const near = nearest(name, siblings)
  if (near !== undefined) return message('unknownKeyNear', { place, key, near: dotted([...path, near]) })
  const groups: Value[] = keys
    .filter((candidate) => candidate.endsWith(`.${name}`))
    .map((candidate) => candidate.slice(0, -name.length - 1))
  if (groups.length > 0) {
    const anyOf = groups.reduce((first, second) => message('either', { first, second }))
    return message('unknownKeyElsewhere', { place, key, groups: anyOf })
  }
  if (group === '') return message('unknownKeyInFile', { place, key, keys: siblings })
  return message('unknownKeyInGroup', { place, key, group, keys: siblings })
}

/** Every key of a schema as a dotted path, groups included. */
export function keyPaths(schema: z.ZodType, prefix = ''): string[] {
  const inner = unwrap(schema)
  if (!('shape' in inner)) return []
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) => [
    prefix + key,
    ...keyPaths(value, `${prefix}${key}.`),
  ])
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema
  while ('innerType' in inner.def) inner = inner.def.innerType as z.ZodType
  return inner
}
