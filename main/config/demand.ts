/**
 * Messages about what a value from outside must be. A check of a schema names its message by id:
 * `z.string().regex(/\S/, says('mustNotBeEmpty'))`.
 */
import type { z } from 'zod'
import { ENGLISH } from '../messages/en.ts'
import { type Message, type MessageId, message, type Values } from '../messages/message.ts'
import { nearest } from './nearest.ts'

type Issue = z.core.$ZodIssue
export type Key = string | number

/** Ids of messages without values. */
type PlainId = { [Id in MessageId]: [keyof Values<Id>] extends [never] ? Id : never }[MessageId]

/** The `error` of a schema's check: a message to put after the value's name, such as "must be a list of messages". */
export function says(id: PlainId): PlainId {
  return id
}

/** `a.b[0]` */
export function dotted(path: readonly PropertyKey[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${String(key)}`)).join('')
}

/** What a value must be, to put after its name. With `reportInput` a missing value is told from a wrong one. */
export function demand(issue: Issue): Message {
  if (Object.hasOwn(ENGLISH, issue.message)) return { id: issue.message as PlainId, values: {} }
  if (issue.code === 'invalid_type' && 'input' in issue && issue.input === undefined) return message('isMissing')
  const what = kind(issue)
  if (what !== null) return message('mustBe', { what })
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return issue.errors.flatMap(([first]) => (first === undefined ? [] : demand(first))).reduce(either)
  }
  switch (issue.code) {
    case 'too_small':
      return message(issue.origin === 'string' ? 'mustNotBeEmpty' : 'mustNotBeEmptyList')
    case 'unrecognized_keys':
      return message('mustNotHave', { keys: issue.keys })
    default:
      return message('isWrong', { detail: issue.message })
  }
}

/** The required kind of value, to put after "must be"; null for other demands. */
function kind(issue: Issue): Message | null {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? message('oneValue', { value: issue.expected })
    case 'invalid_value': {
      const values = issue.values.map(String)
      if (values.length === 1) return message('oneValue', { value: values[0]! })
      const near = nearest(String(issue.input), values)
      return near === undefined ? message('oneOf', { values }) : message('oneOfPerhaps', { values, near })
    }
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') return null
      return message(issue.inclusive ? 'atLeast' : 'moreThan', { limit: Number(issue.minimum) })
    case 'too_big':
      return message(issue.inclusive ? 'atMost' : 'lessThan', { limit: Number(issue.maximum) })
    case 'invalid_union': {
      const kinds = issue.errors.map(([first]) => (first === undefined ? null : kind(first)))
      return kinds.length > 0 && kinds.every((one) => one !== null) ? kinds.reduce(either) : null
    }
    default:
      return null
  }
}

const KINDS: Readonly<Record<string, Message>> = {
  number: message('aNumber'),
  int: message('aWholeNumber'),
  string: message('aText'),
  boolean: message('trueOrFalse'),
  array: message('aList'),
  tuple: message('aList'),
  object: message('aGroupOfKeys'),
  record: message('aGroupOfKeys'),
}

function either(first: Message, second: Message): Message {
  return message('either', { first, second })
}
