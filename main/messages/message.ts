/**
 * A message of the lab to people: an id of the catalogue, and the values for its text. Errors, log lines, checks and
 * engine descriptions are messages. The terminal, the window, the report and `--json` put them into words.
 */
import type { ENGLISH } from './en.ts'

type English = typeof ENGLISH

/** A message's id: a key of the catalogue, without i18next's plural endings `_one` and `_other`. */
export type MessageId = Plain<keyof English>
type Plain<Key> = Key extends `${string}_one` ? never : Key extends `${infer Id}_other` ? Id : Key

/** A value in a text: a name, a number, another message, or a list of these. */
export type Value = string | number | Message | readonly Value[]

/** The names of the holes in a text: `{{path}}`. */
export type Holes<Text> = Text extends `${string}{{${infer Hole}}}${infer Rest}` ? Hole | Holes<Rest> : never

/** The values that a message takes. */
export type Values<Id extends MessageId> = { readonly [Hole in Holes<Text<Id>>]: Value }
type Text<Id extends MessageId> = Id extends keyof English
  ? English[Id]
  : `${Id}_other` extends keyof English
    ? English[`${Id}_other`]
    : never

export interface Message<Id extends MessageId = MessageId> {
  readonly id: Id
  readonly values: Readonly<Record<string, Value>>
}

/** The arguments after an id: the values, or nothing where the text has no holes. */
export type Given<Id extends MessageId> = [keyof Values<Id>] extends [never] ? [] : [values: Values<Id>]

/** A message of the catalogue. */
export function message<Id extends MessageId>(id: Id, ...[values]: Given<Id>): Message<Id> {
  return { id, values: values ?? {} }
}

/** Reports a message to a listener. */
export type Say = <Id extends MessageId>(id: Id, ...given: Given<Id>) => void

/** Whether something has the form of a message. What its values hold is not checked. */
export function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('values' in value)) return false
  const { id, values } = value
  return typeof id === 'string' && typeof values === 'object' && values !== null && !Array.isArray(values)
}
