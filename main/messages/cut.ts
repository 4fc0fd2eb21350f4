/** Long lists of messages, cut short. */
import { type Message, message } from './message.ts'

/** Most messages of a list that anybody is shown at once. */
const MOST = 20

/** The messages, or the first of them and how many more there are. */
export function cutShort(messages: readonly Message[]): readonly Message[] {
  if (messages.length <= MOST + 1) return messages
  return [...messages.slice(0, MOST), message('andMore', { count: messages.length - MOST })]
}
