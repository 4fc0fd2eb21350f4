/** Shortens long lists of messages, and of what a message names. */
import { type Message, message, type Value } from './message.ts'

/** The most messages that are shown of one list. */
const MOST = 20

/** The messages; of a long list the first ones and the number of the others. */
export function cutShort(messages: readonly Message[]): readonly Message[] {
  if (messages.length <= MOST + 1) return messages
  return [...messages.slice(0, MOST), message('andMore', { count: messages.length - MOST })]
}

/** The most line numbers that a message names. */
const MOST_LINES = 10

/** Line numbers for a message; of a long list the first ones and the number of the others. */
export function shortLines(lines: readonly number[]): readonly Value[] {
  const rest = lines.length - MOST_LINES
  return rest > 0 ? [...lines.slice(0, MOST_LINES), message('linesMore', { count: rest })] : lines
}
