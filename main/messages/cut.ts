/** Shortens long lists of messages. */
import { type Message, message } from './message.ts'

/** The most messages that are shown of one list. */
const MOST = 20

/** The messages; of a long list the first ones and the number of the others. */
export function cutShort(messages: readonly Message[]): readonly Message[] {
  if (messages.length <= MOST + 1) return messages
  return [...messages.slice(0, MOST), message('andMore', { count: messages.length - MOST })]
}
