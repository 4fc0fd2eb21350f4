/** Errors that are meant for the user. */
import { type Given, type Message, type MessageId, message } from './message.ts'
import { english } from './say.ts'

/**
 * What the user can mend: a message that says what is wrong, where, and what to do; or several, where several things are
 * wrong. The error's `message` is their English, a line each.
 */
export class UserError<Id extends MessageId = MessageId> extends Error {
  override readonly name = 'UserError'
  readonly messages: readonly Message[]

  constructor(id: Id, ...given: Given<Id>)
  constructor(messages: readonly Message[])
  constructor(what: Id | readonly Message[], values: Message['values'] = {}) {
    const messages = typeof what === 'string' ? [{ id: what, values }] : what
    super(messages.map(english).join('\n'))
    this.messages = messages
  }
}

/** What an error says, as a message. */
export function messageOf(error: unknown): Message {
  if (error instanceof UserError) return message('verbatim', { text: error.messages })
  return message('verbatim', { text: error instanceof Error ? error.message : String(error) })
}

/** What to show of an error: the sentence of one that is the user's to mend, else the stack, for it is a bug. */
export function errorText(error: unknown): string {
  if (error instanceof UserError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What went wrong with a piece of work, as logs keep it and windows show it. */
export interface Failure {
  /** In English, or the stack of a bug; null where nothing went wrong. */
  readonly error: string | null
  /** The same for the reader's language; none of a bug. */
  readonly messages: readonly Message[]
}

export const NO_FAILURE: Failure = { error: null, messages: [] }

export function failureOf(error: unknown): Failure {
  return { error: errorText(error), messages: error instanceof UserError ? error.messages : [] }
}
