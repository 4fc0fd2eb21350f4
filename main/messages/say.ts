/** Messages in English, for the terminal, the log and reports. */
import { ENGLISH } from './en.ts'
import type { Message } from './message.ts'
import { type Speaker, speaker } from './speaker.ts'

let speak: Speaker | undefined

/** The English text of a message. */
export function english(message: Message): string {
  // i18next is set up only when needed, because most commands say nothing.
  speak ??= speaker('en', ENGLISH)
  return speak(message)
}
