/** Shortens long lists of messages, and what a message names. */
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

/** The most characters that a message shows of a text from outside. */
const MOST_CHARACTERS = 80

/** A text from a file for a message: on one line, and of a long one the beginning. */
export function shortText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}...` : line
}
