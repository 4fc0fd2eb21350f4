/**
 * What the lab tells people, as an id of the catalogue and the values that stand in its text: errors, log lines, checks,
 * how engines describe themselves. Terminal, window, report and `--json` make the words where they show them.
 */
import type { ENGLISH } from './en.ts'

type English = typeof ENGLISH

/** A message's id: a key of the catalogue, without the `_one` and `_other` by which i18next tells numbers apart. */
export type MessageId = Plain<keyof English>
type Plain<Key> = Key extends `${string}_one` ? never : Key extends `${infer Id}_other` ? Id : Key

/** What may stand in a text: a name, a number, another message, or a list of these. */
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

/** The values after an id: none where the text has no holes. */
export type Given<Id extends MessageId> = [keyof Values<Id>] extends [never] ? [] : [values: Values<Id>]

/** A message of the catalogue. */
export function message<Id extends MessageId>(id: Id, ...[values]: Given<Id>): Message<Id> {
  return { id, values: values ?? {} }
}

/** Says a message to whoever listens. */
export type Say = <Id extends MessageId>(id: Id, ...given: Given<Id>) => void

/** Whether a value is a message. */
export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'id' in value && 'values' in value
}
