import { type Message, message } from '../messages/message.ts'

/** An engine's description, followed by what the user should know about this one. */
export function noted(description: Message, notes: readonly Message[]): Message {
  return notes.reduce<Message>((engine, note) => message('engineNoted', { engine, note }), description)
}
