/** Errors that the user can fix. */
import { type Given, type Message, type MessageId, message } from './message.ts'
import { english } from './say.ts'

/**
 * An error that the user can fix: one message or several, each of which says what is wrong, where, and what to do. The
 * error's `message` is their English, one line each.
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

/** The message of any error. */
export function messageOf(error: unknown): Message {
  if (error instanceof UserError) return message('verbatim', { text: error.messages })
  return message('verbatim', { text: error instanceof Error ? error.message : String(error) })
}

/** The text to show for an error: the message of a UserError; for any other error the stack, because it is a bug. */
export function errorText(error: unknown): string {
  if (error instanceof UserError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What made a piece of work fail, as logs store it and windows show it. */
export interface Failure {
  /** The English text, or the stack of a bug; null where nothing failed. */
  readonly error: string | null
  /** The messages behind `error`, for other languages; empty for a bug. */
  readonly messages: readonly Message[]
}

export const NO_FAILURE: Failure = { error: null, messages: [] }

export function failureOf(error: unknown): Failure {
  return { error: errorText(error), messages: error instanceof UserError ? error.messages : [] }
}
