/** What all commands share: where they write, their exit codes, and the parsers of their options. */
import { UserError } from '../../main/messages/error.ts'
import type { Screen } from '../terminal.ts'

/** Exit codes, as --help lists them. */
export const EXIT = { done: 0, failed: 1, mendable: 2, stopped: 130 } as const

export const EXIT_CODES = `
Exit codes: 0 done, 1 a fault of the lab, 2 something you can mend (the message says what and where), 130 stopped (continue with --resume).`

/** Where a command writes. */
export interface Terminal {
  readonly out: Screen
  readonly err: Screen
}

/** Where a command writes, and how it reports an exit code other than 0. */
export interface CommandLine extends Terminal {
  readonly end: (code: number) => void
}

/** The text that --help prints after a command's options. */
export function example(commands: string): string {
  return `\nExample:\n  ${commands}\n${EXIT_CODES}`
}

/** Returns a parser for a whole number. The parser throws UserError where the text is none. */
export function whole(option: string): (text: string) => number {
  return (text) => {
    if (!/^-?\d+$/.test(text)) throw new UserError('optionNotWhole', { option, text })
    if (!Number.isSafeInteger(Number(text)))
      throw new UserError('optionTooLarge', { option, most: Number.MAX_SAFE_INTEGER })
    return Number(text)
  }
}

/** Reads a port. Throws UserError where the text is none. */
export function portOf(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new UserError('optionNotAPort', { option: '--port', text })
}
