/** zod's issues in sentences for the person who wrote the configuration. */
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { configSchema } from './schema.ts'

export type Key = string | number

/**
 * Sentences for one of zod's issues: place, key, what it has to be, what it is; for an unknown key, what was probably
 * meant. `place` says where in the file a path stands.
 */
export function explain(issue: z.core.$ZodIssue, place: (path: readonly Key[]) => string): string[] {
  const path = issue.path as Key[]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${place([...path, key])}: unknown key ${dotted([...path, key])}${meant(path, key)}.`,
    )
  }
  return [`${place(path)}: ${dotted(path)} ${demand(issue)}, but is ${JSON.stringify(issue.input)}.`]
}

/** `a.b[0]` */
export function dotted(path: readonly Key[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('')
}

/** What a value has to be, to follow the key's name. */
export function demand(issue: z.core.$ZodIssue | z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value': {
      const near = nearest(String(issue.input), issue.values.map(String))
      if (issue.values.length === 1) return `must be ${String(issue.values[0])}`
      return `must be one of ${issue.values.map(String).join(', ')}${near === undefined ? '' : ` (perhaps ${near})`}`
    }
    case 'too_small': {
      if (issue.origin === 'array') return 'must not be an empty list'
      if (issue.origin === 'string') return 'must not be empty'
      return issue.inclusive ? `must be at least ${issue.minimum}` : `must be more than ${issue.minimum}`
    }
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_union':
      return issue.errors
        .flatMap(([first]) => (first === undefined ? [] : demand(first)))
        .map((words, at) => (at === 0 ? words : words.replace(/^must be /, '')))
        .join(' or ')
    case 'unrecognized_keys':
      return `must not have ${issue.keys.join(', ')}`
    default:
      return issue.message ?? 'is not what it must be'
  }
}

const TYPES: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
}

/** What was probably meant by an unknown key: a near name beside it, or the same name in another group. */
function meant(path: readonly Key[], key: string): string {
  const keys = keyPaths(configSchema)
  const group = path.join('.')
  const siblings = keys.filter((candidate) => candidate.split('.').slice(0, -1).join('.') === group)
  const near = nearest(
    key,
    siblings.map((candidate) => candidate.split('.').at(-1) ?? ''),
  )
  if (near !== undefined) return `, perhaps ${dotted([...path, near])}`
  const elsewhere = keys.filter((candidate) => candidate.endsWith(`.${key}`))
  if (elsewhere.length > 0)
    return `, which belongs under ${elsewhere.map((name) => name.slice(0, -key.length - 1)).join(' or ')}`
  return `; ${group === '' ? 'the file' : group} has ${siblings.map((name) => name.split('.').at(-1)).join(', ')}`
}

/** Every key of a schema by its dotted path, groups included. */
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
